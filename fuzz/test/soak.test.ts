import { describe, expect, it } from 'vitest';
import type { HealthyFigures } from '../soak/healthy.js';
import { judge, type PhaseFigures, type RoundFigures, type SoakFigures } from '../soak/judge.js';
import { type Latencies, Samples } from '../soak/latency.js';
import { readOptions } from '../soak/options.js';
import { phaseNames } from '../soak/phases.js';
import { phaseLine, roundLine, verdictTable } from '../soak/report.js';
import type { ServerFigures } from '../soak/serving.js';
import { type SoakSettings, settingsFor } from '../soak/settings.js';
import { Soak } from '../soak/soak.js';

const SLOW_MS = 60_000;
const QUIET = { phase: () => undefined, round: () => undefined };

/** A soak of seconds. */
function tiny(phases: readonly string[], changed: Partial<SoakSettings> = {}): SoakSettings {
  const settings = settingsFor(40, phases);
  return { ...settings, flooders: 2, floodMs: 100, patienceMs: phases.length > 1 ? 3000 : 600, ...changed };
}

/** What fails of a soak of the right server, or of a wrong one. */
async function failuresOf(settings: SoakSettings): Promise<string[]> {
  const figures = await new Soak(settings, QUIET).run();
  return judge(figures, settings)
    .filter(({ ok }) => !ok)
    .map(({ what }) => what);
}

/** Processes that this one has started. */
function countProcesses(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'ProcessWrap').length;
}

describe('a soak', () => {
  it(
    'finds nothing wrong with the server, in every state and every flood',
    async () => {
      const settings = tiny(phaseNames());
      const told: string[] = [];
      const soak = new Soak(settings, {
        phase: (phase) => told.push(phaseLine(phase)),
        round: (round, number) => told.push(roundLine(round, number)),
      });
      const figures = await soak.run();
      // How long anything takes, and who is there at the same time, says little: other tests run beside this one.
      const verdicts = judge(figures, settings).filter(({ what }) => !/p99\.9|longest|at once/.test(what));
      expect(verdicts.filter(({ ok }) => !ok)).toEqual([]);
      expect(figures.rounds[0]?.phases.map(({ name }) => name).sort()).toEqual(phaseNames().sort());
      expect(told).toHaveLength(phaseNames().length + 1);
      expect(verdictTable(verdicts, false)).toBe(`${verdicts.length} of ${verdicts.length} hold`);
    },
    SLOW_MS,
  );

  const server = new URL('./wrong-server.js', import.meta.url);
  it.each([
    ['never drops', 'idle', ['idle: dropped within']],
    ['keeps memory', 'idle', ['idle: held for a connection', 'memory left: heap', 'memory left: external']],
    ['stands still', 'half-head', ['half-head: echo, longest', 'half-head: echo, p99.9']],
    // A phase of so few connections may be over before the first message is: then the next one tells.
    ['changes messages', 'idle', [expect.stringMatching(/^(idle|all stalled): lost by the healthy client$/)]],
    ['keeps a timer', 'idle', ['the process of the closed server']],
    ['throws', 'half-head', ['the soak']],
  ])(
    'sees that a server %s (%s)',
    async (fault, phase, failures) => {
      const settings = tiny([phase], { server, serverArguments: [fault] });
      const { bounds } = settings;
      const strict = {
        ...bounds,
        maxMs: 150,
        p999Ms: 100,
        dropMs: 500,
        endMs: 1500,
        shared: 0,
        heapGrowth: 2_000_000,
        externalGrowth: 2_000_000,
      };
      expect(await failuresOf({ ...settings, bounds: strict })).toEqual(expect.arrayContaining(failures));
    },
    SLOW_MS,
  );

  it(
    'ends with what it has when it is stopped, and leaves no process behind',
    async () => {
      const processes = countProcesses();
      const soak = new Soak(tiny(['idle', 'pings']), QUIET);
      const running = soak.run();
      soak.stop();
      const { broken, rounds, closed, ended } = await running;
      expect({ broken, rounds, ended }).toEqual({ broken: undefined, rounds: [], ended: true });
      expect(closed?.connections).toBe(0);
      expect(countProcesses()).toBe(processes);
    },
    SLOW_MS,
  );
});

describe('the judge', () => {
  const good: Latencies = { count: 1000, p50: 1, p999: 20, max: 40 };
  const healthy: HealthyFigures = { sent: 1000, lost: [], echoes: good, fresh: good };
  const server: ServerFigures = {
    rss: 100e6,
    heap: 10e6,
    external: 5e6,
    connections: 3,
    clients: 3,
    resources: { TCPServerWrap: 1, TCPSocketWrap: 3, PipeWrap: 1 },
    openFiles: 25,
  };
  const stalled: PhaseFigures = {
    name: 'idle',
    load: { opened: 100, failed: 0, reason: undefined, elapsedMs: 50, seen: {} },
    count: 100,
    held: 100,
    heldBytes: 2000,
    residentBytes: 5000,
    healthy,
    droppedMs: 900,
  };
  const flood: PhaseFigures = {
    ...stalled,
    name: 'bombs',
    load: { ...stalled.load, seen: { 1009: 20 } },
    droppedMs: undefined,
  };
  const round: RoundFigures = { phases: [stalled, flood], waiting: healthy, left: 0, server };
  const figures: SoakFigures = {
    before: server,
    rounds: [round],
    end: { mostBuffered: 300_000, codes: {} },
    closed: { ...server, connections: 0, clients: 0 },
    ended: true,
    broken: undefined,
  };
  const settings = tiny(['idle', 'bombs'], { patienceMs: 1000 });

  function withStalled(changed: Partial<PhaseFigures>): Partial<SoakFigures> {
    return { rounds: [{ ...round, phases: [{ ...stalled, ...changed }] }] };
  }

  it('finds nothing where nothing is wrong', () => {
    expect(judge(figures, settings).filter(({ ok }) => !ok)).toEqual([]);
  });

  it.each<[string, Partial<SoakFigures>]>([
    ['idle: echo, longest', withStalled({ healthy: { ...healthy, echoes: { ...good, max: 3001 } } })],
    ['idle: echo, p99.9', withStalled({ healthy: { ...healthy, echoes: { ...good, p999: 1001 } } })],
    [
      'idle: fresh connection, longest',
      withStalled({ healthy: { ...healthy, fresh: { ...good, max: 5001 } } }),
    ],
    ['idle: lost by the healthy client', withStalled({ healthy: { ...healthy, lost: ['one'] } })],
    ['idle: peers that came to nothing', withStalled({ load: { ...stalled.load, failed: 1, reason: 'no' } })],
    ['idle: held for a connection', withStalled({ heldBytes: 100_000 })],
    ['idle: at once', withStalled({ held: 99 })],
    ['idle: dropped within', withStalled({ droppedMs: 6300 })],
    ['idle: dropped within', withStalled({ droppedMs: 'never' })],
    ['bombs: never seen', { rounds: [{ ...round, phases: [{ ...flood, load: stalled.load }] }] }],
    [
      'all stalled: lost by the healthy client',
      { rounds: [{ ...round, waiting: { ...healthy, lost: ['x'] } }] },
    ],
    ['connections left', { rounds: [{ ...round, left: 1 }] }],
    ['memory left: heap', { rounds: [{ ...round, server: { ...server, heap: 15e6 } }] }],
    ['memory left: external', { rounds: [{ ...round, server: { ...server, external: 15e6 } }] }],
    ['memory left: resident', { rounds: [{ ...round, server: { ...server, rss: 170e6 } }] }],
    ['open files, against the first round', { rounds: [{ ...round, server: { ...server, openFiles: 26 } }] }],
    [
      'handles and timers left',
      { rounds: [{ ...round, server: { ...server, resources: { ...server.resources, Timeout: 1 } } }] },
    ],
    ['most that waited for one peer', { end: { mostBuffered: 500_000, codes: {} } }],
    ['connections in the end', { closed: { ...server, connections: 1, clients: 0 } }],
    ['clients in the end', { closed: { ...server, connections: 0 } }],
    ['the process of the closed server', { ended: false }],
    ['the soak', { broken: 'the server ended by itself' }],
  ])('objects to: %s', (what, changed) => {
    const failed = judge({ ...figures, ...changed }, settings).filter(({ ok }) => !ok);
    expect(failed.map((verdict) => verdict.what)).toEqual([what]);
  });
});

describe('latencies', () => {
  it('are told by their ranks', () => {
    const samples = new Samples();
    for (let value = 1000; value >= 1; value--) samples.add(value);
    expect(samples.take()).toEqual({ count: 1000, p50: 500, p999: 999, max: 1000 });
    expect(samples.take()).toEqual({ count: 0, p50: 0, p999: 0, max: 0 });
  });
});

describe('the command line', () => {
  it('has 10,000 connections, or 1000 where it shall be quick', () => {
    expect(readOptions([], 20_000)?.settings.connections).toBe(10_000);
    expect(readOptions(['--quick'], 20_000)?.settings.connections).toBe(1000);
    expect(readOptions(['--list'])).toBeUndefined();
  });

  it('gives the server whole milliseconds, as node:http wants them', () => {
    expect(readOptions(['--connections', '301'], 20_000)?.settings.patienceMs).toBe(6452);
  });

  it('takes the beginnings of names', () => {
    expect(readOptions(['--phase', 'half-', '--phase', 'bombs'], 20_000)?.settings.phases).toEqual([
      'half-request',
      'half-head',
      'half-payload',
      'half-message',
      'half-compressed',
      'bombs',
    ]);
  });

  it.each([
    [['--phase', 'nothing']],
    [['--connections', '0']],
    [['--connections', '1.5']],
    [['--minutes', 'x']],
    [['--connections', '900']],
  ])('refuses %j', (args) => {
    expect(() => readOptions(args, 1000)).toThrow(RangeError);
  });
});
