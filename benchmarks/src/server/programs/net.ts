/** The limit of Node: what comes goes back as it is, masked, without a look at it, and without an opening handshake. */
import { createServer, type Socket } from 'node:net';
import { assignment, portOf, ready } from './control.js';

const all = new Set<Socket>();
const server = createServer((socket) => {
  all.add(socket);
  socket.setNoDelay(true);
  socket.on('error', () => {});
  socket.on('close', () => all.delete(socket));
  socket.on('data', (chunk) => {
    if (assignment.job === 'echo') socket.write(chunk);
    else for (const each of all) each.write(chunk);
  });
});
server.listen(0, '127.0.0.1', () => ready(portOf(server.address())));
