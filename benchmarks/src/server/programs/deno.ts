/** The server of Deno; runs in Deno. */
import { assignment, ready } from './control.js';

interface DenoWebSocket {
  binaryType: string;
  readonly readyState: number;
  onopen: () => void;
  onclose: () => void;
  onerror: (event: Event) => void;
  onmessage: (event: { data: string | ArrayBuffer }) => void;
  send(data: string | ArrayBuffer): void;
}

declare const Deno: {
  serve(options: object, handler: (request: unknown) => unknown): void;
  upgradeWebSocket(request: unknown, options: object): { socket: DenoWebSocket; response: unknown };
};

const all = new Set<DenoWebSocket>();
const onListen = ({ port }: { port: number }): void => ready(port);
Deno.serve({ hostname: '127.0.0.1', port: 0, onListen }, (request) => {
  const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 0 });
  socket.binaryType = 'arraybuffer';
  socket.onopen = () => {
    all.add(socket);
  };
  socket.onclose = () => {
    all.delete(socket);
  };
  socket.onerror = (event) => event.preventDefault();
  socket.onmessage = ({ data }) => {
    if (assignment.job === 'echo') socket.send(data);
    else for (const each of all) if (each.readyState === 1) each.send(data);
  };
  return response;
});
