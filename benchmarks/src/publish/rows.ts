import type { Report } from '../report/report.js';
import type { ServerFigure } from '../server/compare.js';
import { titleOf } from '../title.js';

/** A figure of the main README: what, of which title of a report, and by which column it stands. */
export interface Row {
  readonly what: string;
  readonly title: string;
  /** of servers; pieces of work are told in nanoseconds */
  readonly measure?: Exclude<keyof ServerFigure, 'contestant'>;
  readonly unit: string;
  /** prints it */
  readonly command: string;
}

/** The columns, and who stands in them: of whole servers, and of pieces of work. */
export const COLUMNS = [
  { title: 'adapter', contestants: ['adapter'] },
  { title: 'transport', contestants: ['transport', 'wasm'] },
  { title: 'ws', contestants: ['ws'] },
  { title: 'Bun', contestants: ['Bun'] },
] as const;

const server = (title: string, measure: Row['measure'] & string, unit: string, what: string): Row => ({
  what,
  title,
  measure,
  unit,
  command: `pnpm bench server --filter "${title}"`,
});

export const ROWS: readonly Row[] = [
  server('echo: 16 B text', 'perSecond', 'messages/s', 'echo, 16 B text, 8 × 100 in flight'),
  server('echo: 125 B binary', 'perSecond', 'messages/s', 'echo, 125 B binary, 8 × 100 in flight'),
  server('echo: 1 KiB text', 'perSecond', 'messages/s', 'echo, 1 KiB text, 8 × 50 in flight'),
  server(
    'echo: 1 KiB JSON with permessage-deflate',
    'perSecond',
    'messages/s',
    'echo, 1 KiB JSON, compressed, 8 × 10 in flight',
  ),
  server('echo: 1 KiB, 1 in flight', 'cpuMicros', 'µs of CPU a message', 'echo, 1 KiB, 64 × 1 in flight'),
  server('echo: 64 KiB', 'cpuMicros', 'µs of CPU a message', 'echo, 64 KiB, 8 × 1 in flight'),
  server('broadcast: 1 KiB', 'perSecond', 'deliveries/s', 'broadcast, 1 KiB text to 1000'),
  server('client: 1 KiB', 'perSecond', 'messages/s', 'client, 1 KiB, 8 × 50 in flight'),
  server('idle: memory of a connection', 'bytes', 'bytes', 'memory of an idle connection'),
  {
    what: 'decoding 16 B text, without a socket',
    title: 'decode: 16 B text',
    unit: 'ns a message',
    command: 'pnpm bench micro --filter "decode: 16 B text"',
  },
];

/** How the titles begin of what the chart shows: those whose servers, not their clients, are kept busy. */
export const CHARTED = [
  'echo: 16 B text',
  'echo: 125 B binary',
  'echo: 1 KiB text',
  'echo: 1 KiB JSON with permessage-deflate',
  'echo: 64 KiB',
  'broadcast: 1 KiB',
  'client: 1 KiB',
] as const;

/** What a report says of a row, by column; `null` where nobody of that column took part. */
export function valuesOf({ measure, title }: Row, { micro, servers }: Report): (number | null)[] {
  const titled = <T>(all: readonly T[], name: (each: T) => string): T | undefined =>
    all.find((each) => name(each) === title) ?? all.find((each) => name(each).startsWith(title));
  const found = new Map<string, number | undefined>(
    measure === undefined
      ? titled(micro, titleOf)?.figures.map(({ contestant, median }) => [contestant, median])
      : titled(servers, ({ workload }) => titleOf(workload))?.figures.map((figure) => [
          figure.contestant,
          figure[measure]?.median,
        ]),
  );
  if (found.size === 0)
    throw new TypeError(`the report says nothing of "${title}"; publish one of everything`);
  return COLUMNS.map(({ contestants }) => {
    const values = contestants.map((name) => found.get(name)).filter((value) => value !== undefined);
    return values[0] ?? null;
  });
}
