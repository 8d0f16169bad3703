import { describe, expect, it } from 'vitest';
import { CloseEvent, ErrorEvent, WebSocket } from '../../src/index.js';
import { listenTcp, pair, until } from '../loopback.js';

describe('the browser’s interface', () => {
  it('hands out text as strings, and events with their target', async () => {
    const { client, peer } = await pair();
    const events: unknown[] = [];
    client.onmessage = (event) => events.push([event.type, event.data, event.target === client]);
    client.addEventListener('message', (event) => events.push(event.data));
    client.addEventListener('message', { handleEvent: (event) => events.push(event.data) });
    client.addEventListener('message', () => events.push('once'), { once: true });
    peer.send('text');
    peer.send(Buffer.from([1]));
    await until(() => events.length === 7);
    expect(events).toEqual([
      ['message', 'text', true],
      'text',
      'text',
      'once',
      ['message', Buffer.from([1]), true],
      Buffer.from([1]),
      Buffer.from([1]),
    ]);
  });

  it('tells how the connection was closed', async () => {
    const { client } = await pair();
    const closed = new Promise<CloseEvent>((resolve) => {
      client.onclose = resolve;
    });
    client.close(4000, 'fine');
    const event = await closed;
    expect(event).toBeInstanceOf(CloseEvent);
    expect(event).toMatchObject({ type: 'close', code: 4000, reason: 'fine', wasClean: true });
  });

  it('tells of errors', async () => {
    const port = await listenTcp((socket) => socket.destroy());
    const client = new WebSocket(`ws://127.0.0.1:${port}`);
    const event = await new Promise<ErrorEvent>((resolve) => {
      client.onerror = resolve;
    });
    expect(event).toBeInstanceOf(ErrorEvent);
    expect(event.error.message).toBe(event.message);
  });

  it('adds a listener once, replaces attributes, and removes both', async () => {
    const { client, peer } = await pair();
    const calls: string[] = [];
    const listener = (): number => calls.push('listener');
    client.addEventListener('message', listener);
    client.addEventListener('message', listener);
    client.onmessage = () => calls.push('first');
    client.onmessage = () => calls.push('second');
    expect(client.listenerCount('message')).toBe(2);
    peer.send('');
    await until(() => calls.length === 2);
    expect(calls).toEqual(['listener', 'second']);
    client.removeEventListener('message', listener);
    client.onmessage = null;
    expect(client.onmessage).toBeNull();
    expect(client.listenerCount('message')).toBe(0);
    client.addEventListener('unheard' as 'message', listener);
    expect(client.listenerCount('unheard')).toBe(0);
  });
});
