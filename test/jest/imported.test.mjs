import { expect, test } from '@jest/globals';
import WebSocket, { WebSocketServer } from '@x/node-adapter';

test('import gives the class, and the rest by name', () => {
  expect(typeof WebSocket).toBe('function');
  expect(WebSocket.WebSocketServer).toBe(WebSocketServer);
});
