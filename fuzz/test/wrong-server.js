import { serve } from '../dist/soak/serving.js';

// Servers that are wrong on purpose, each in the way that its argument names: a soak must see it.

const kept = [];
let connections = 0;

/** Stands still for so many milliseconds, and everyone with it. */
function stand(milliseconds) {
  for (const end = performance.now() + milliseconds; performance.now() < end; );
}

const FAULTS = {
  'never drops': () => ({ options: { pingInterval: 0 } }),
  'keeps memory': () => ({
    connected: (websocket, path) => {
      if (path !== '/healthy') kept.push(websocket, Buffer.alloc(100_000), 'x'.repeat(50_000).split(''));
    },
  }),
  'stands still': () => ({
    connected: (_, path) => {
      if (path === '/half-head' && ++connections % 10 === 0) stand(400);
    },
  }),
  'changes messages': () => ({
    message: (websocket, data, isBinary) => websocket.send(`${data}!`, { binary: isBinary }),
  }),
  'keeps a timer': () => {
    setInterval(() => undefined, 1000);
    return {};
  },
  throws: () => ({
    connected: (_, path) => {
      if (path === '/half-head') throw new Error('thrown on purpose');
    },
  }),
};

serve(FAULTS[process.argv[2]]());
