import { once } from 'node:events';
import { afterAll, onTestFinished } from 'vitest';
import Ws, { type ClientOptions } from 'ws';
import { Page, Programs } from '../../test/code-blocks.js';

/** A page of this folder, and what runs its blocks for the tests of one file. */
export function openPage(name: string): { page: Page; programs: Programs } {
  const page = new Page(new URL(`../${name}`, import.meta.url));
  const packages = ['@x/node-adapter', '@x/frame-codec', '@x/handshake', 'ws', '@types/node'];
  const places = packages.map((each) => {
    const root = each === '@types/node' ? '../..' : '..';
    return [each, new URL(`${root}/node_modules/${each}`, import.meta.url)];
  });
  const programs = new Programs(page, Object.fromEntries(places));
  afterAll(() => programs.stop());
  return { page, programs };
}

/** A client of npm `ws`, and what it was told: texts as they are, binary messages in hex. */
export interface Peer {
  readonly ws: Ws;
  readonly told: string[];
  readonly closed: Promise<[code: number, reason: string]>;
}

/** A client that is open. */
export async function connect(
  url: string,
  options: ClientOptions = {},
  protocols: string[] = [],
): Promise<Peer> {
  const ws = new Ws(url, protocols, options);
  onTestFinished(() => ws.terminate());
  const told: string[] = [];
  ws.on('message', (data: Buffer, isBinary) => told.push(data.toString(isBinary ? 'hex' : 'utf8')));
  const closed = new Promise<[number, string]>((resolve) => {
    ws.on('close', (code, reason) => resolve([code, String(reason)]));
  });
  await once(ws, 'open');
  ws.on('error', () => undefined);
  return { ws, told, closed };
}

/** The status with which a client is refused. */
export async function refusal(url: string, options: ClientOptions = {}): Promise<number | undefined> {
  const ws = new Ws(url, options);
  ws.on('error', () => undefined);
  const [request, response] = await once(ws, 'unexpected-response');
  request.destroy();
  return response.statusCode;
}
