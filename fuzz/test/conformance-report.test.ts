import { describe, expect, it, vi } from 'vitest';
import type { Case, Role } from '../conformance/case.js';
import { TABLE } from '../conformance/families/index.js';
import { readOptions } from '../conformance/options.js';
import { pageOf } from '../conformance/page.js';
import { type Column, faultsOf, jsonOf, type Report, summaryOf } from '../conformance/report.js';
import type { Subject } from '../conformance/subject.js';
import { peer } from './conformance-peers.js';
import { pick, run } from './conformance-runs.js';

// Many cases in each, on machines that may be busy.
vi.setConfig({ testTimeout: 60_000 });

const ROLES: readonly Role[] = ['server', 'client'];

async function reportOf(cases: readonly Case[], subject: Subject): Promise<Report> {
  const results = await run(cases, 'server', subject);
  const column: Column = { role: 'server', kernel: 'wasm', results, trouble: undefined };
  return { date: new Date(0), ms: 1234, cases, columns: [column], planned: column.results.size };
}

describe('the report', () => {
  const cases = pick('framing/text-of-1', 'opcodes/3-empty', 'utf8/invalid/ff');

  it('counts, names what is wrong, and shows its bytes field by field', async () => {
    const report = await reportOf(cases, peer('fails with 1003'));
    expect(summaryOf(report)).toContain('3 cases in 1.2 s: 1 right, 2 wrong, 0 timed');
    expect(faultsOf(report)).toEqual([
      'server, wasm: opcodes/3-empty: sends a close frame with 1003, and a close frame with 1002 is right',
      'server, wasm: utf8/invalid/ff: sends a close frame with 1003, and a close frame with 1007 is right',
    ]);
    const page = pageOf(report);
    expect(page).toContain('2 wrong.');
    expect(page).toContain('reserved opcode 3');
    expect(page).toContain('https://www.rfc-editor.org/rfc/rfc6455#section-5.2');
    expect(page.match(/<details class="wrong" open>/g)).toHaveLength(2);
    const json = JSON.parse(jsonOf(report));
    expect(json.columns).toEqual([{ role: 'server', kernel: 'wasm', pass: 1, fail: 2, informational: 0 }]);
    // A close frame with 1003 (§5.5.1).
    expect(json.families[1].cases[0].runs[0].received).toBe('88 02 03 eb');
  });

  it('says so where everything is right, and asks for nothing from elsewhere', async () => {
    const report = await reportOf(cases, peer());
    expect(faultsOf(report)).toEqual([]);
    const page = pageOf(report);
    expect(page).toContain('Everything is right.');
    expect(page).not.toMatch(/<(img|link|iframe)\b|\bsrc=|@import|url\(/);
  });

  it('says that it is not whole where runs are missing, and never that everything is right', async () => {
    const report = { ...(await reportOf(cases, peer())), planned: 5 };
    expect(summaryOf(report)).toContain('Not whole: 3 of 5 runs.');
    expect(JSON.parse(jsonOf(report))).toMatchObject({ planned: 5, done: 3 });
    const page = pageOf(report);
    expect(page).toContain('Not whole: 3 of 5 runs. Nothing is wrong in these.');
    expect(page).not.toContain('Everything is right.');
  });

  it('lets nothing that a peer sends become markup', async () => {
    const evil: Case = {
      ...(pick('framing/text-of-1')[0] as Case),
      id: 'framing/evil',
      steps: [
        { do: 'message', kind: 'text', payload: new TextEncoder().encode('<script>alert(1)</script>') },
      ],
    };
    const results = await run([evil], 'server', peer());
    const column: Column = { role: 'server', kernel: 'wasm', results, trouble: undefined };
    const page = pageOf({
      date: new Date(0),
      ms: 1,
      cases: [evil],
      columns: [column],
      planned: column.results.size,
    });
    expect(page).not.toContain('<script>alert');
  });

  it('takes a trouble of a whole run for a fault', () => {
    const column: Column = {
      role: 'client',
      kernel: 'script',
      results: new Map(),
      trouble: 'the thread broke',
    };
    expect(
      faultsOf({ date: new Date(0), ms: 1, cases: [], columns: [column], planned: column.results.size }),
    ).toEqual(['client, script: the thread broke']);
  });
});

describe('the command line', () => {
  it('runs everything without options', () => {
    const options = readOptions([], '/reports');
    expect(options?.cases).toHaveLength(TABLE.length);
    expect(options).toMatchObject({ roles: ROLES, kernels: ['wasm', 'script'], output: '/reports' });
  });

  it('takes filters, a role, a kernel and a folder', () => {
    const args = ['--filter', 'closing/10', '--filter', 'pings/', '--role', 'client', '--kernel', 'script'];
    const options = readOptions([...args, '--output', 'here'], '/reports');
    expect(options?.cases.every(({ id }) => /^(closing\/10|pings\/)/.test(id))).toBe(true);
    expect(options).toMatchObject({ roles: ['client'], kernels: ['script'], output: 'here' });
  });

  it.each([
    [['--role', 'proxy'], 'there is no role proxy'],
    [['--kernel', 'fast'], 'there is no kernel fast'],
    [['--filter', 'no such thing'], 'no case has no such thing in its id'],
    [['--filter', 'framing/masked', '--role', 'server'], 'none of these cases is for a server'],
    [['--output', ''], '--output is no folder'],
    [['--verbose'], "Unknown option '--verbose'"],
    [['framing'], "Unexpected argument 'framing'"],
  ])('refuses %j', (args, message) => {
    expect(() => readOptions(args, '/reports')).toThrow(message);
  });

  it('asks for the list of families', () => {
    expect(readOptions(['--list'], '/reports')).toBeUndefined();
  });
});
