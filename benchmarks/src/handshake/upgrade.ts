import { IncomingMessage } from 'node:http';
import { parseExtensions, parseSubprotocols, RequestHeadParser, type UpgradeRequest } from '@x/handshake';
import { type LeftOut, type Task, timed, type Work } from '../measure.js';
import { loadWsHandshake, sink, upgrade, upgradePortably, type WsHandshake } from './peers.js';
import { REQUESTS } from './requests.js';

/** Enough runs that reading the clock does not count. */
const BATCH = 100;

/** Much more is run here than elsewhere, by all sides, until all of it is compiled. */
const WARM_UP = 150;

const OURS = 'this project';
const PORTABLE = 'this project, portable SHA-1';

const EXTENSIONS = [
  'permessage-deflate; client_max_window_bits',
  'permessage-deflate; server_max_window_bits="10", x; y=z',
];
const SUBPROTOCOLS = ['graphql-transport-ws', 'chat.v2, chat.v1', 'a, b, c, d, e, f, g, h, i, j, k, l'];

/** What node:http does with the lines of a head, and keeps to itself. */
interface HeaderLines {
  _addHeaderLines(rawHeaders: readonly string[], length: number): void;
}

/** What node:http hands to the 'upgrade' event: raw headers, of which `headers` is made when first read. */
function freshMessage(rawHeaders: readonly string[]): IncomingMessage {
  const message = new IncomingMessage(null as never) as IncomingMessage & HeaderLines;
  message.method = 'GET';
  message.url = '/socket?room=1';
  message.httpVersion = '1.1';
  message._addHeaderLines(rawHeaders, rawHeaders.length);
  return message;
}

/** The head as it comes over a socket. */
function bytesOf(rawHeaders: readonly string[]): Buffer {
  let text = 'GET /socket?room=1 HTTP/1.1\r\n';
  for (let at = 0; at < rawHeaders.length; at += 2) text += `${rawHeaders[at]}: ${rawHeaders[at + 1]}\r\n`;
  return Buffer.from(`${text}\r\n`, 'latin1');
}

/** The opening handshake without a socket: requests of real browsers beside `ws`, and the parsers by themselves. */
export function upgradeWorks(): Work[] {
  const ws = loadWsHandshake();
  return [
    ...Object.entries(REQUESTS).flatMap(([browser, rawHeaders]) => browserWorks(browser, rawHeaders, ws)),
    ...EXTENSIONS.map((text) =>
      work(
        'handshake, parsers',
        `extensions ${text}`,
        [task(OURS, () => parseExtensions(text))],
        ws && (() => ws.extensions(text)),
      ),
    ),
    ...SUBPROTOCOLS.map((text) =>
      work(
        'handshake, parsers',
        `subprotocols ${text}`,
        [task(OURS, () => parseSubprotocols(text))],
        ws && (() => ws.subprotocols(text)),
      ),
    ),
  ];
}

function browserWorks(browser: string, rawHeaders: readonly string[], ws: WsHandshake | undefined): Work[] {
  const { headers } = freshMessage(rawHeaders);
  const ready: UpgradeRequest = {
    method: 'GET',
    url: '/socket?room=1',
    httpVersion: '1.1',
    rawHeaders,
    headers,
  };
  if (ws !== undefined) assertSameJob(ready, ws);
  const bytes = bytesOf(rawHeaders);
  return [
    work(
      'handshake',
      `${browser}, as node:http hands it over`,
      [
        task(OURS, () => upgrade(freshMessage(rawHeaders))),
        task(PORTABLE, () => upgradePortably(freshMessage(rawHeaders))),
      ],
      ws && (() => ws.upgrade(freshMessage(rawHeaders))),
    ),
    work(
      'handshake',
      `${browser}, its headers parsed before`,
      [task(OURS, () => upgrade(ready)), task(PORTABLE, () => upgradePortably(ready))],
      ws && (() => ws.upgrade(ready)),
    ),
    timed({
      group: 'handshake',
      name: `${browser}, from bytes`,
      batch: BATCH,
      unit: 'request',
      warmUp: WARM_UP,
      tasks: [
        task(OURS, () => {
          const parsed = new RequestHeadParser().push(bytes);
          if (parsed !== undefined) upgrade(parsed.head);
        }),
      ],
    }),
  ];
}

function task(contestant: string, run: () => unknown): Task {
  return {
    contestant,
    run: () => {
      for (let count = 0; count < BATCH; count++) run();
    },
  };
}

function work(group: string, name: string, ours: readonly Task[], theirs: (() => unknown) | undefined): Work {
  const tasks = theirs === undefined ? ours : [...ours, task('ws', theirs)];
  const leftOut: LeftOut[] =
    theirs === undefined ? [{ contestant: 'ws', why: 'npm ws is not installed', missing: true }] : [];
  return timed({ group, name, batch: BATCH, unit: 'request', tasks, leftOut, warmUp: WARM_UP });
}

/** Both sides must write the same number of bytes for the same job. */
function assertSameJob(request: UpgradeRequest, ws: WsHandshake): void {
  const lengths = [upgrade, ws.upgrade].map((job) => {
    const before = sink.written;
    job(request);
    return sink.written - before;
  });
  if (lengths[0] === 0 || lengths[0] !== lengths[1]) throw new Error('the two do not do the same');
}
