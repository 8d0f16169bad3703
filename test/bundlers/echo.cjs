/** A message there and back. */
exports.echo = (WebSocket) =>
  new Promise((resolve, reject) => {
    const server = new WebSocket.WebSocketServer({ host: '127.0.0.1', port: 0 }, () => {
      const client = new WebSocket(`ws://127.0.0.1:${server.address().port}`);
      client.on('error', reject);
      client.on('open', () => client.send('hello'));
      client.on('message', (data) => {
        client.close();
        server.close(() => resolve(String(data)));
      });
    });
    server.on('connection', (socket) => socket.on('message', (data) => socket.send(data)));
  });
