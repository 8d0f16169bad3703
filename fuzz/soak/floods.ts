import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { BLOCKS, STALLED } from './frames.js';
import { openSocket, type Place, reset, upgrade } from './raw-peer.js';

/** A flood on one connection, or on one after the other, while it lasts. */
export interface Flooding {
  readonly path: string;
  place(): Place;
  isOn(): boolean;
  /** Counts what was seen. */
  saw(what: string, count?: number): void;
  /** Has the socket stay when the flood is over, until its memory was measured. */
  keep(socket: Socket): void;
}

type Floods = { readonly [name: string]: (flooding: Flooding) => Promise<void> };

/** Writes blocks for as long as they are taken and the flood lasts. */
async function pour(socket: Socket, block: Buffer, flooding: Flooding): Promise<void> {
  while (flooding.isOn() && !socket.destroyed) {
    if (socket.write(block)) {
      flooding.saw('blocks');
      // Let what came in be read.
      await sleep(0);
    } else {
      await new Promise<void>((resolve) => {
        const done = (): void => {
          clearTimeout(timer);
          socket.off('drain', done).off('close', done);
          resolve();
        };
        // Who does not read may not be read from either.
        const timer = setTimeout(done, 100);
        socket.on('drain', done).on('close', done);
      });
    }
  }
}

/** Counts the bytes that come, and throws them away. */
function discard(socket: Socket, flooding: Flooding): void {
  socket.on('data', (chunk) => flooding.saw('bytes', chunk.length));
  socket.resume();
}

/** Reads what comes until the end; returns the code of a close frame that comes first (§5.5.1). */
async function closeCodeOf(socket: Socket): Promise<string> {
  let read = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    if (read.length < 4) read = Buffer.concat([read, chunk]);
  });
  socket.resume();
  await new Promise<void>((resolve) => socket.once('end', resolve).once('close', resolve));
  return read[0] === 0x88 && read.length >= 4 ? String(read.readUInt16BE(2)) : 'dropped';
}

/** Who does not read is to be dropped within this. */
const DEAF_MS = 10_000;

/** Pours until it is dropped. */
async function deaf(flooding: Flooding): Promise<void> {
  const end = performance.now() + DEAF_MS;
  const socket = await upgrade(flooding.place(), flooding.path, false);
  flooding.keep(socket);
  await pour(socket, BLOCKS.message, { ...flooding, isOn: () => performance.now() < end });
  if (socket.destroyed) flooding.saw('dropped');
}

function pouring(block: Buffer, reads: boolean) {
  return async (flooding: Flooding): Promise<void> => {
    const socket = await upgrade(flooding.place(), flooding.path, false);
    flooding.keep(socket);
    if (reads) discard(socket, flooding);
    await pour(socket, block, flooding);
  };
}

/** Connects, sends, reads the close code, and begins again. */
function repeated(compress: boolean, send: (socket: Socket) => void) {
  return async (flooding: Flooding): Promise<void> => {
    while (flooding.isOn()) {
      const socket = await upgrade(flooding.place(), flooding.path, compress);
      flooding.keep(socket);
      send(socket);
      flooding.saw(await closeCodeOf(socket));
      socket.end();
    }
  };
}

/** What each flood does. */
export const FLOODS: Floods = {
  pings: pouring(BLOCKS.pings, true),
  'deaf-pings': pouring(BLOCKS.pings, false),
  deaf,
  fragments: pouring(BLOCKS.fragments, true),
  'empty-messages': pouring(BLOCKS.emptyMessages, true),
  'empty-fragments': repeated(false, (socket) => {
    socket.write(BLOCKS.emptyStart);
    for (let block = 0; block < 3; block++) socket.write(BLOCKS.emptyFragments);
  }),
  connects: repeated(false, (socket) => socket.write(BLOCKS.close)),
  bombs: repeated(true, (socket) => socket.write(BLOCKS.bomb)),
  resets: async (flooding) => {
    for (let turn = 0; flooding.isOn(); turn++) {
      const early = turn % 2 === 0;
      const socket = await (early
        ? openSocket(flooding.place())
        : upgrade(flooding.place(), flooding.path, false));
      socket.write(early ? 'GET /' : STALLED['half-payload']);
      await sleep(0);
      reset(socket);
      flooding.saw('reset');
    }
  },
};
