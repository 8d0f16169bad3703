/** This project, through its low-level interface: borrowed payloads, one handler for all connections. */
import { createServer } from 'node:http';
import { Codec, Endpoint, PreparedMessage } from '@x/frame-codec';
import { acceptRequest } from '@x/handshake';
import { type SocketConnection, type SocketHandler, Transport } from '@x/node-adapter';
import { assignment, portOf, ready } from './control.js';

const codec = new Codec({ kernel: assignment.kernel });
const connections = new Set<SocketConnection<undefined>>();

const echo: SocketHandler<undefined> = {
  text: (connection, text) => {
    connection.sendText(text);
  },
  binary: (connection, payload) => {
    connection.sendBinary(payload);
  },
};

function toAll(message: PreparedMessage): void {
  for (const connection of connections) connection.sendPrepared(message);
}

const broadcast: SocketHandler<undefined> = {
  text: (_, text) => toAll(new PreparedMessage(text)),
  binary: (_, payload) => toAll(new PreparedMessage(Buffer.from(payload))),
};

const transport = new Transport<undefined>(
  new Endpoint({ role: 'server', codec, maxMessageLength: 104_857_600 }),
  {
    ...(assignment.job === 'broadcast' ? broadcast : echo),
    close: (connection) => {
      connections.delete(connection as SocketConnection<undefined>);
    },
  },
);

const server = createServer();
server.on('upgrade', (request, socket, head) => {
  const answer = acceptRequest(request);
  if (!answer.ok) {
    socket.end(answer.head + answer.body, 'latin1');
    return;
  }
  socket.write(answer.head, 'latin1');
  connections.add(transport.attach(socket, undefined, head));
});
server.listen(0, '127.0.0.1', () => ready(portOf(server.address())));
