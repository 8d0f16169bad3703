/** A length as people write it. */
export function size(length: number): string {
  if (length >= 1024 * 1024) return `${length / 1024 / 1024} MiB`;
  return length >= 1024 ? `${length / 1024} KiB` : `${length} B`;
}
