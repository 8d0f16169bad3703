import { IncomingMessage } from 'node:http';
import { parseExtensions, parseSubprotocols, RequestHeadParser } from '@x/handshake';
import { Bench } from 'tinybench';
import { sink, upgrade, upgradePortably, upgradeWithWs, wsParsers } from './peers.js';
import { REQUESTS } from './requests.js';

/** The header object that Node makes of raw headers when somebody asks for it. */
function headersOf(rawHeaders) {
  const message = new IncomingMessage(null);
  for (let i = 0; i < rawHeaders.length; i += 2)
    message._addHeaderLine(rawHeaders[i], rawHeaders[i + 1], message.headers);
  return message.headers;
}

/** What node:http hands to the 'upgrade' event: raw headers, of which `headers` is made when first read. */
function freshMessage(rawHeaders) {
  const message = new IncomingMessage(null);
  message.method = 'GET';
  message.url = '/socket?room=1';
  message.httpVersion = '1.1';
  message._addHeaderLines(rawHeaders, rawHeaders.length);
  return message;
}

function textOf(rawHeaders) {
  let text = 'GET /socket?room=1 HTTP/1.1\r\n';
  for (let i = 0; i < rawHeaders.length; i += 2) text += `${rawHeaders[i]}: ${rawHeaders[i + 1]}\r\n`;
  return Buffer.from(`${text}\r\n`, 'latin1');
}

/** Both sides must have written the same number of bytes for the same job. */
function assertSameJob(one, other) {
  const before = sink.written;
  one();
  const between = sink.written;
  other();
  if (between === before || sink.written - between !== between - before)
    throw new Error('the two do not do the same');
}

/**
 * Runs every pair of jobs side by side.
 *
 * @param {number} time of each task, in milliseconds
 * @returns {Promise<{ job: string, ours: number, theirs: number }[]>} nanoseconds a run, the median
 */
export async function measureUpgrades(time) {
  const pairs = [];
  for (const [browser, rawHeaders] of Object.entries(REQUESTS)) {
    const ready = {
      method: 'GET',
      url: '/socket?room=1',
      httpVersion: '1.1',
      rawHeaders,
      headers: headersOf(rawHeaders),
    };
    assertSameJob(
      () => upgrade(ready),
      () => upgradeWithWs(ready),
    );
    pairs.push([
      `upgrade, ${browser}, headers parsed before`,
      () => upgrade(ready),
      () => upgradeWithWs(ready),
    ]);
    pairs.push([
      `upgrade, ${browser}, IncomingMessage of node:http`,
      () => upgrade(freshMessage(rawHeaders)),
      () => upgradeWithWs(freshMessage(rawHeaders)),
    ]);
    pairs.push([
      `${browser}, IncomingMessage of node:http, portable SHA-1`,
      () => upgradePortably(freshMessage(rawHeaders)),
      () => upgradeWithWs(freshMessage(rawHeaders)),
    ]);
    const bytes = textOf(rawHeaders);
    pairs.push([
      `upgrade, ${browser}, from bytes`,
      () => upgrade(new RequestHeadParser().push(bytes).head),
      undefined,
    ]);
  }
  for (const text of [
    'permessage-deflate; client_max_window_bits',
    'permessage-deflate; server_max_window_bits="10", x; y=z',
  ]) {
    pairs.push([`extensions: ${text}`, () => parseExtensions(text), () => wsParsers.extensions(text)]);
  }
  for (const text of ['graphql-transport-ws', 'chat.v2, chat.v1', 'a, b, c, d, e, f, g, h, i, j, k, l']) {
    pairs.push([`subprotocols: ${text}`, () => parseSubprotocols(text), () => wsParsers.subprotocols(text)]);
  }

  const rows = [];
  for (const [job, ours, theirs] of pairs) {
    const bench = new Bench({ time, warmupTime: time / 4, throws: true });
    // A batch of runs each time, so that reading the clock does not count.
    bench.add('ours', batch(ours));
    if (theirs) bench.add('theirs', batch(theirs));
    await bench.run();
    const [a, b] = bench.tasks.map((task) => (task.result.latency.p50 * 1e6) / BATCH);
    rows.push({ job, ours: a, theirs: b });
  }
  return rows;
}

const BATCH = 100;

function batch(run) {
  return () => {
    for (let i = 0; i < BATCH; i++) run();
  };
}
