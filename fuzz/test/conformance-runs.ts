import type { Case, Role } from '../conformance/case.js';
import { TABLE } from '../conformance/families/index.js';
import type { CaseResult } from '../conformance/run-case.js';
import { runTable } from '../conformance/run-table.js';
import type { Subject } from '../conformance/subject.js';

/** The cases of the table with these ids. */
export function pick(...ids: readonly string[]): Case[] {
  return ids.map((id) => {
    const found = TABLE.find((each) => each.id === id);
    if (found === undefined) throw new RangeError(`there is no case ${id}`);
    return found;
  });
}

/** What came of each case, by its id. */
export async function run(
  cases: readonly Case[],
  role: Role,
  subject: Subject,
  patienceMs?: number,
): Promise<Map<string, CaseResult>> {
  const results = new Map<string, CaseResult>();
  const left = await runTable(cases, role, subject, (result) => results.set(result.id, result), patienceMs);
  if (left !== undefined) throw new Error(left);
  return results;
}
