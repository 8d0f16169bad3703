import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { after, connect, listenEcho } from './loopback.js';

/** Where the npm packages of the runtimes keep the binary: in another package for each system. */
const RUNTIMES = {
  bun: { files: ['bin/bun', 'bin/bun.exe'], run: ['-e'] },
  deno: { files: ['deno', 'deno.exe'], run: ['eval', '--quiet'] },
} as const;

type Runtime = keyof typeof RUNTIMES;

function binaryOf(runtime: Runtime): string {
  const manifest = createRequire(import.meta.url).resolve(`${runtime}/package.json`);
  const load = createRequire(manifest);
  const { optionalDependencies = {} }: { optionalDependencies?: object } = load(manifest);
  for (const name of Object.keys(optionalDependencies)) {
    for (const file of RUNTIMES[runtime].files) {
      try {
        return load.resolve(`${name}/${file}`);
      } catch {
        // That one is for another system.
      }
    }
  }
  throw new Error(`there is no ${runtime} for this system`);
}

function run(runtime: Runtime, program: string): { child: ChildProcess; line: Promise<string> } {
  const child = spawn(binaryOf(runtime), [...RUNTIMES[runtime].run, program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  after(() => child.kill());
  const lines = createInterface({ input: child.stdout as NonNullable<typeof child.stdout> });
  const line = Promise.race([
    once(lines, 'line').then(([text]) => String(text)),
    once(child, 'exit').then(([code]) => `exited with ${code}`),
  ]);
  return { child, line };
}

/** A client that both runtimes understand: it says in one line of JSON what came back. */
function clientOf(url: string): string {
  return `
    const websocket = new WebSocket(${JSON.stringify(url)});
    websocket.binaryType = 'arraybuffer';
    const received = [];
    websocket.onopen = () => {
      websocket.send('Grüße 🎉');
      websocket.send(new Uint8Array([0, 127, 255]));
      websocket.send('long '.repeat(50000));
    };
    websocket.onmessage = ({ data }) => {
      received.push(typeof data === 'string' ? data.slice(0, 10) + data.length : [...new Uint8Array(data)]);
      if (received.length === 3) websocket.close(4000, 'done');
    };
    websocket.onerror = (event) => console.log(String(event.message ?? event.type));
    websocket.onclose = ({ code, reason }) => {
      console.log(JSON.stringify([...received, code, reason, websocket.extensions]));
    };`;
}

const SERVERS: Record<Runtime, (deflate: boolean) => string> = {
  bun: (deflate) => `
    const server = Bun.serve({
      hostname: '127.0.0.1', port: 0,
      fetch: (request, self) => self.upgrade(request) ? undefined : new Response('', { status: 426 }),
      websocket: {
        perMessageDeflate: ${deflate},
        message: (websocket, data) => websocket.send(data, ${deflate}),
      },
    });
    console.log(String(server.port));`,
  // Deno negotiates compression by itself.
  deno: () => `
    Deno.serve({ hostname: '127.0.0.1', port: 0, onListen: ({ port }) => console.log(String(port)) }, (request) => {
      const { socket, response } = Deno.upgradeWebSocket(request);
      socket.binaryType = 'arraybuffer';
      socket.onmessage = ({ data }) => socket.send(data);
      return response;
    });`,
};

describe.each(['bun', 'deno'] as const)('%s', (runtime) => {
  it.each([false, true])(
    'as client gets back what it sends; compression offered: %s',
    async (perMessageDeflate) => {
      const { url } = await listenEcho({ perMessageDeflate });
      const { line } = run(runtime, clientOf(url));
      const [text, binary, long, code, reason] = JSON.parse(await line);
      expect([text, binary, long]).toEqual(['Grüße 🎉8', [0, 127, 255], 'long long 250000']);
      expect([code, reason]).toEqual([4000, 'done']);
    },
    15_000,
  );

  it.each([false, true])(
    'as server sends back what our client sends; compression offered: %s',
    async (deflate) => {
      const { line } = run(runtime, SERVERS[runtime](deflate));
      const client = await connect(`ws://127.0.0.1:${Number(await line)}/`, { perMessageDeflate: deflate });
      client.send('Grüße 🎉');
      expect(await once(client, 'message')).toEqual([Buffer.from('Grüße 🎉'), false]);
      const binary = Buffer.alloc(100_000, 'binary');
      client.send(binary);
      expect(await once(client, 'message')).toEqual([binary, true]);
      client.close(1000, 'done');
      expect((await once(client, 'close'))[0]).toBe(1000);
    },
    15_000,
  );
});
