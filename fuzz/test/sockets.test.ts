import { ProtocolError } from '@x/frame-codec';
import { WebSocket } from '@x/node-adapter';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Attack } from '../arbitraries/attack.js';
import { annotate } from '../campaign/annotate.js';
import { fromHex } from '../campaign/hex.js';
import { Arena } from '../properties/arena.js';
import { Witness } from '../properties/witness.js';

const QUIET: Omit<Attack, 'role' | 'bytes'> = {
  way: 'tcp',
  head: undefined,
  extension: undefined,
  early: false,
  cuts: [],
  ending: 'end',
};

describe('an arena', () => {
  let arena: Arena;
  beforeAll(async () => {
    arena = await Arena.open('wasm');
  });
  afterAll(() => arena.destroy());

  it.each<[string, Attack, string[]]>([
    [
      'a server that is sent a message and an unmasked frame (§5.1)',
      { ...QUIET, role: 'server', bytes: fromHex('82 81 00 00 00 00 07 81 00') },
      ['binary 07', 'error mask-missing at 7', 'close 03 ee'],
    ],
    [
      'a server that is sent a message by a peer whose close frame says 1001 (§7.1.5)',
      {
        ...QUIET,
        role: 'server',
        way: 'local',
        early: true,
        bytes: fromHex('81 81 00000000 61 88 82 00000000 03e9'),
      },
      ['text 61', 'close 03 e9'],
    ],
    [
      'a client that is sent a ping and a masked frame (§5.1)',
      { ...QUIET, role: 'client', cuts: [1], bytes: fromHex('89 01 70 81 80 00000000') },
      ['ping 70', 'error mask-unexpected at 3', 'close 03 ee'],
    ],
    [
      'a client that is sent half a message, early (§7.1.5)',
      { ...QUIET, role: 'client', early: true, bytes: fromHex('81 00 01 02 61') },
      ['text', 'close 03 ee'],
    ],
  ])('writes down what is told by %s', async (_, attack, told) => {
    const [witness] = await arena.run([attack]);
    expect(witness?.told.lines()).toEqual(told);
  });

  it('tells of several at a time, each on its own', async () => {
    const witnesses = await arena.run(
      ['61', '62', '63'].map((payload) => ({
        ...QUIET,
        role: 'server' as const,
        cuts: [1, 6],
        bytes: fromHex(`81 81 00000000 ${payload}`),
      })),
    );
    expect(witnesses.map((witness) => witness?.told.lines()[0])).toEqual(['text 61', 'text 62', 'text 63']);
  });

  it('has no connection to tell of where the head is no request', async () => {
    const head = new TextEncoder().encode('GET / HTTP/1.1\r\n\r\n');
    expect(await arena.run([{ ...QUIET, role: 'server', head, bytes: fromHex('') }])).toEqual([undefined]);
  });
});

describe('a witness', () => {
  const protocolError = new Error('no', { cause: new ProtocolError('mask-missing') });
  const typed = Object.assign(protocolError, { code: 'WS_ERR_EXPECTED_MASK' });

  it.each<[string, (websocket: WebSocket) => void, RegExp]>([
    ['an error without a type', (each) => each.emit('error', new Error('oh')), /without a type.*oh/],
    [
      'an error of the system on an open connection',
      (each) => each.emit('error', Object.assign(new Error('oh'), { code: 'ECONNRESET' })),
      /without a type/,
    ],
    [
      'two errors',
      (each) => {
        each.emit('error', typed);
        each.emit('error', typed);
      },
      /error is told twice/,
    ],
    [
      'a message behind the end',
      (each) => {
        each.emit('close', 1006, Buffer.alloc(0));
        each.emit('pong', Buffer.alloc(0));
      },
      /behind close/,
    ],
    [
      'two ends',
      (each) => {
        each.emit('close', 1006, Buffer.alloc(0));
        each.emit('close', 1006, Buffer.alloc(0));
      },
      /close is told twice/,
    ],
  ])('objects to %s', (_, tell, fault) => {
    const websocket = new WebSocket(null);
    const witness = new Witness(websocket, true);
    tell(websocket);
    expect(witness.faults.join('\n')).toMatch(fault);
  });

  it('takes an error that names its rule', () => {
    const websocket = new WebSocket(null);
    const witness = new Witness(websocket, true);
    websocket.emit('error', typed);
    websocket.emit('close', 1006, Buffer.alloc(0));
    expect(witness.faults).toEqual([]);
    expect(witness.told.lines()).toEqual(['error mask-missing', 'close 03 ee']);
  });
});

describe('the dump of hostile peers', () => {
  it('shows the head and the frames of each', () => {
    const head = new TextEncoder().encode('GET / HTTP/1.1\r\n');
    const dump = annotate({
      attacks: [{ ...QUIET, role: 'server', head, bytes: fromHex('81 80 00 00 00 00') }],
    });
    expect(dump).toContain('GET / HTTP/1.1');
    expect(dump).toContain('frame 0: FIN, text');
    expect(dump).toContain('ending: "end"');
  });
});
