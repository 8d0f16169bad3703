import { EventEmitter, getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { WebSocket } from '../../src/websocket/web-socket.js';

/** Types that a `WebSocket` has room for, one that it has none for, and names that objects inherit. */
const TYPES = ['message', 'error', 'close', 'ping', 'toString', 'constructor', '__proto__'];

/** In no order that anybody could count on. */
function namesOf(emitter: EventEmitter): string {
  return emitter.eventNames().map(String).sort().join();
}

describe('listeners of a WebSocket', () => {
  it('has none at first, whatever the type is called', () => {
    const websocket = new WebSocket(null);
    expect(websocket.eventNames()).toEqual([]);
    for (const type of TYPES) {
      expect(websocket.listenerCount(type), type).toBe(0);
      expect(websocket.listeners(type), type).toEqual([]);
      if (type !== 'error') expect(websocket.emit(type), type).toBe(false);
    }
    expect(() => websocket.emit('error', new Error('unheard'))).toThrow('unheard');
  });

  it.each([undefined, 'newListener', 'removeListener'])(
    'does as an emitter of Node does (with %s)',
    (watched) => {
      const [ours, theirs] = [new WebSocket(null), new EventEmitter()].map((emitter) => {
        const log: unknown[] = [];
        const take = (value: unknown): void => void log.push(value);
        const other = (): void => void log.push('other');
        if (watched !== undefined) emitter.on(watched, (type) => log.push(`${watched} ${String(type)}`));
        for (const type of TYPES.slice(0, -1)) {
          emitter.on(type, take);
          emitter.once(type, other);
          emitter.prependListener(type, other);
          emitter.emit(type, `first ${type}`);
          emitter.emit(type, `second ${type}`);
          log.push(namesOf(emitter), getEventListeners(emitter, type).length);
          emitter.off(type, other);
          log.push(namesOf(emitter), emitter.listenerCount(type));
        }
        emitter.off('error', take);
        log.push(namesOf(emitter));
        emitter.removeAllListeners('close');
        log.push(namesOf(emitter));
        emitter.removeAllListeners();
        log.push(namesOf(emitter), emitter.emit('message'));
        emitter.on('message', take);
        emitter.emit('message', 'last');
        return log;
      });
      expect(ours).toEqual(theirs);
      expect(ours).toContain('last');
    },
  );
});
