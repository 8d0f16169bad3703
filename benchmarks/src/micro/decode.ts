import { Codec, Connection, type ConnectionHandler, Endpoint } from '@x/frame-codec';
import { chunked, maskedFrame } from '../frames.js';
import { type Task, timed, type Work } from '../measure.js';
import type { Peers, Ws } from '../ws.js';

const MIB = 1024 * 1024;
/** The whole way of a message is run here, by all sides: more to compile than elsewhere. */
const WARM_UP = 100;

/** What is decoded. */
const ROWS = [
  { name: '16 B text', opcode: 1, length: 16 },
  { name: '125 B text', opcode: 1, length: 125 },
  { name: '125 B binary', opcode: 2, length: 125 },
  { name: '1 KiB text', opcode: 1, length: 1024 },
  { name: '64 KiB binary', opcode: 2, length: 65536 },
] as const;

/** What the handlers saw, so that nobody can leave their work out. */
export let seen = 0;

const handler: ConnectionHandler = {
  write: () => true,
  end: () => {},
  text: (_, text) => {
    seen += text.length;
  },
  binary: (_, payload) => {
    seen += payload.length;
  },
};

/** Decoding a stream of masked frames in chunks of 64 KiB; text comes out as strings, binary as borrowed views. */
export function decodeWorks({ leftOut, ws }: Peers): Work[] {
  const codecs = [new Codec({ kernel: 'wasm' }), new Codec({ kernel: 'script' })];
  const works = ROWS.map(({ name, opcode, length }): Work => {
    const { chunks, count } = chunked(maskedFrame(opcode, Buffer.alloc(length, 'a')), MIB / 2);
    const tasks = codecs.map((codec): Task => {
      const connection = new Connection(new Endpoint({ role: 'server', codec }), handler, undefined);
      return {
        contestant: codec.kind,
        run: () => {
          for (const chunk of chunks) connection.receive(chunk);
        },
      };
    });
    tasks.push(...ws.map((each) => wsTask(each.contestant, each.ws, chunks)));
    const absent = leftOut.filter(({ contestant }) => contestant.startsWith('ws'));
    return timed({
      group: 'decode',
      name,
      batch: count,
      unit: 'message',
      tasks,
      leftOut: absent,
      warmUp: WARM_UP,
    });
  });
  return [
    ...works,
    inboxWork('64 KiB binary, read into the inbox', 65536),
    inboxWork('1 MiB binary, read into the inbox', MIB),
  ];
}

/** `ws` unmasks its input in place, so it gets a copy: as this project's `receive` makes one too. */
function wsTask(contestant: string, { Receiver }: Ws, chunks: readonly Buffer[]): Task {
  const receiver = new Receiver({ isServer: true, maxPayload: 0 });
  receiver.on('message', (data, isBinary) => {
    seen += isBinary ? data.length : data.toString().length;
  });
  // A frame that a chunk cuts is held by reference until its end: the memory must last that long.
  const targets = Array.from({ length: 4 }, () => Buffer.alloc(65536));
  const run = (): void => {
    for (const [index, chunk] of chunks.entries()) {
      const target = (targets[index & 3] as Buffer).subarray(0, chunk.length);
      target.set(chunk);
      receiver.write(target);
    }
  };
  return { contestant, run };
}

/**
 * Decoding what the operating system laid into the inbox, against a copy of as many bytes. The inbox is not filled
 * again each time: a payload that is unmasked twice is the masked one, and as good.
 */
function inboxWork(name: string, length: number): Work {
  const codec = new Codec({ kernel: 'wasm' });
  const endpoint = new Endpoint({ role: 'server', codec });
  const head = maskedFrame(2, Buffer.alloc(length, 'a')).subarray(0, 14);
  const reads: number[] = [];
  for (let rest = head.length + length; rest > 0; rest -= codec.inbox.length) {
    reads.push(Math.min(rest, codec.inbox.length));
  }
  const { inbox } = codec;
  const read = (connection: Connection) => (): void => {
    inbox.set(head);
    for (const bytes of reads) connection.receiveInbox(bytes);
  };
  const source = Buffer.alloc(length, 'a');
  const target = Buffer.alloc(length);
  return timed({
    group: 'decode',
    name,
    batch: 1,
    unit: 'message',
    tasks: [
      { contestant: 'wasm', run: read(new Connection(endpoint, handler, undefined)) },
      {
        contestant: 'wasm, in parts',
        run: read(new Connection(endpoint, { ...handler, binaryPart: handler.binary as never }, undefined)),
      },
      {
        contestant: 'memcpy',
        run: () => {
          target.set(source);
        },
      },
    ],
  });
}
