import { describeWings } from '../../../test/wings.js';

/** The wings of `src/` from top to bottom, and what each is for. A file imports from its own and from those below. */
const WINGS: { readonly [wing: string]: string } = {
  '': 'what is public: the class with all that npm ws has on it, and the names of its types',
  server: 'WebSocketServer: its options and hooks, what it agrees on, broadcasts, how many it takes',
  websocket: 'WebSocket: its life, its events, what it sends; as a stream',
  opening: 'the opening handshake of both roles over node:http (§4)',
  'ws-internals': 'the inner classes of npm ws, for software that leans on them',
  options: 'the options of both, what stands where none is given, and the codec’s endpoint for them',
  compression: 'permessage-deflate (RFC 7692) with the options of npm ws, by Node’s zlib',
  transport:
    'a codec connection on a stream: what is read, what is written, who waits for that, who is silent',
  values: 'what npm ws takes and hands out: payloads, close codes, states, errors',
  runtime:
    'what Node and the language have: time and turns, emitters and their listeners, signals, what is thrown',
};

describeWings(new URL('../src/', import.meta.url), WINGS);
