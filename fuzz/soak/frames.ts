import { constants, deflateRawSync } from 'node:zlib';
import { ByteWriter, writeHead } from '../arbitraries/byte-writer.js';

/*
 * What hostile peers send, made once: frames of a client, masked with zeroes (§5.3), so that their payload stands in them
 * as it is.
 */

const FIN = 0x80;
const RSV1 = 0x40;
const CONTINUATION = 0;
const TEXT = 1;
const BINARY = 2;
const CLOSE = 8;
const PING = 9;

const writer = new ByteWriter();

/** A frame; `length` may announce more than there is. */
function frame(first: number, payload: Uint8Array, length = payload.length): Buffer {
  writer.reset();
  writeHead(writer, first, length, true);
  writer.number(0, 4);
  writer.put(payload);
  return Buffer.from(writer.slice());
}

function times(count: number, bytes: Uint8Array): Buffer {
  return Buffer.concat(Array.from({ length: count }, () => bytes));
}

/** A message as RFC 7692 §7.2.1 compresses it. */
function compressed(plain: Uint8Array): Buffer {
  const deflated = deflateRawSync(plain, { finishFlush: constants.Z_SYNC_FLUSH });
  return deflated.subarray(0, deflated.length - 4);
}

const NOTHING = Buffer.alloc(0);
const X = Buffer.from('x');
const KIB_4 = Buffer.alloc(4096, 'x');

/** What a stalled peer sends behind the handshake. */
export const STALLED = {
  'half-head': Buffer.from('82fe01', 'hex'),
  'half-payload': frame(FIN | BINARY, KIB_4, 65_536),
  'half-message': frame(TEXT, KIB_4),
  'half-compressed': frame(RSV1 | TEXT, compressed(KIB_4)),
  // §5.2: all reserved bits set.
  broken: Buffer.from('ff80' + '00000000', 'hex'),
} as const;

/** What a flood is made of: blocks that are sent again and again. */
export const BLOCKS = {
  pings: times(500, frame(FIN | PING, Buffer.alloc(125, 'p'))),
  message: frame(FIN | BINARY, Buffer.alloc(16_384, 'm')),
  fragments: Buffer.concat([
    frame(TEXT, X),
    times(4094, frame(CONTINUATION, X)),
    frame(FIN | CONTINUATION, X),
  ]),
  emptyStart: frame(TEXT, NOTHING),
  emptyFragments: times(5000, frame(CONTINUATION, NOTHING)),
  emptyMessages: times(5000, frame(FIN | BINARY, NOTHING)),
  bomb: frame(FIN | RSV1 | BINARY, compressed(Buffer.alloc(67_108_864))),
  close: frame(FIN | CLOSE, Buffer.from([0x03, 0xe8])),
} as const;
