/** What has a title: a workload of servers, a piece of work, a result of either. */
export interface Titled {
  readonly group: string;
  readonly name: string;
}

/** How something is called everywhere. */
export function titleOf({ group, name }: Titled): string {
  return `${group}: ${name}`;
}

/** Whether the title has the text in it, in capitals or not. */
export function matches(titled: Titled, filter: string): boolean {
  return titleOf(titled).toLowerCase().includes(filter.toLowerCase());
}
