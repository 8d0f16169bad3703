import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Connection, type ConnectionHandler, Endpoint } from '../src/index.js';
import { INBOX_LENGTH } from '../src/kernel/memory-map.js';
import { arbitraryStream, chunksOf, nearlyValidStream, places, validStream } from './support/arbitraries.js';
import { toHex } from './support/hex.js';
import { CODECS } from './support/kernels.js';

/** What a handler does at an event, beside writing it down. */
const acts = fc.array(fc.constantFrom('go', 'go', 'pause', 'throw', 'pause and throw', 'feed another'), {
  minLength: 1,
  maxLength: 12,
});
/** How each chunk comes. */
const ways = fc.array(fc.constantFrom('receive', 'inbox', 'receive and resume'), {
  minLength: 1,
  maxLength: 5,
});

class Mischief extends Error {}

describe.each(CODECS)('any stream ($name)', { timeout: 60_000 }, ({ codec }) => {
  const shared = codec();

  /** The events of a stream, and whatever else was told, by a handler that does what `act` says. */
  function connect(
    masked: boolean,
    act: (connection: Connection<undefined>) => void,
  ): { connection: Connection<undefined>; events: string[] } {
    const events: string[] = [];
    const tell = (connection: Connection<undefined>, event: string): void => {
      events.push(event);
      act(connection);
    };
    const handler: ConnectionHandler<undefined> = {
      write: (_, bytes) => {
        // Masking keys differ from run to run.
        if (masked) events.push(`wrote ${toHex(bytes)}`);
        return true;
      },
      end: () => events.push('end'),
      text: (self, text) => tell(self, `text ${text}`),
      binary: (self, payload) => tell(self, `binary ${toHex(payload)}`),
      ping: (self, payload) => tell(self, `ping ${toHex(payload)}`),
      pong: (self, payload) => tell(self, `pong ${toHex(payload)}`),
      closing: (self, code, reason) => tell(self, `closing ${code} ${reason}`),
      error: (self, { violation, position }) => tell(self, `error ${violation} ${position}`),
      close: (_, code) => events.push(`close ${code}`),
    };
    const endpoint = new Endpoint({
      role: masked ? 'server' : 'client',
      codec: shared,
      maxMessageLength: 70_000,
    });
    return { connection: new Connection(endpoint, handler, undefined), events };
  }

  /** Frames that were written, apart from when. */
  function split(events: readonly string[]): { told: string[]; wrote: string } {
    return {
      told: events.filter((event) => !event.startsWith('wrote ')),
      wrote: events
        .filter((event) => event.startsWith('wrote '))
        .map((event) => event.slice('wrote '.length))
        .join(' '),
    };
  }

  it.each([
    ['that keeps the rules', validStream, 60],
    ['with a byte gone wrong', nearlyValidStream, 100],
    ['without sense', arbitraryStream, 60],
  ])('%s tells the same, whatever handlers do and however it comes (property)', (_, stream, numRuns) => {
    fc.assert(
      fc.property(stream, places, acts, ways, ({ masked, bytes }, cuts, wanted, steps) => {
        const plain = connect(masked, () => {});
        plain.connection.receive(bytes);
        plain.connection.receiveEnd();

        let count = 0;
        const other = connect(false, () => {});
        const wild = connect(masked, (connection) => {
          const act = wanted[count++ % wanted.length] ?? 'go';
          if (act.startsWith('pause')) connection.pause();
          if (act.startsWith('feed')) other.connection.receive(Uint8Array.of(0x81, 1, 0x61));
          if (act.endsWith('throw')) throw new Mischief();
        });
        /** Until it throws no more. */
        const attempt = (step: () => void, again: () => void): void => {
          for (let run = step; ; run = again) {
            try {
              run();
              return;
            } catch (error) {
              if (!(error instanceof Mischief)) throw error;
            }
          }
        };
        const nothing = (): void => wild.connection.receive(new Uint8Array(0));
        for (const [index, chunk] of chunksOf(bytes, cuts, INBOX_LENGTH).entries()) {
          const way = steps[index % steps.length];
          if (way === 'inbox') {
            shared.inbox.set(chunk);
            attempt(() => wild.connection.receiveInbox(chunk.length), nothing);
          } else {
            attempt(() => wild.connection.receive(chunk), nothing);
          }
          if (way === 'receive and resume')
            attempt(
              () => wild.connection.resume(),
              () => wild.connection.resume(),
            );
        }
        while (wild.connection.isPaused)
          attempt(
            () => wild.connection.resume(),
            () => wild.connection.resume(),
          );
        attempt(
          () => wild.connection.receiveEnd(),
          () => wild.connection.receiveEnd(),
        );
        while (wild.connection.isPaused)
          attempt(
            () => wild.connection.resume(),
            () => wild.connection.resume(),
          );

        expect(split(wild.events)).toEqual(split(plain.events));
        expect(wild.events.at(-1)).toMatch(/^close /);
        expect(other.events.every((event) => event === 'text a')).toBe(true);
      }),
      { numRuns },
    );
  });
});
