import { assignment, ready } from './control.js';

/** What a library's client looks like to {@link fly}. */
export type Connect = (
  url: string,
  opened: (send: (payload: Buffer<ArrayBuffer>) => void) => void,
  received: () => void,
) => void;

/** Keeps messages in flight on some connections: as many as came back are sent again when all of them are back. */
export function fly(connect: Connect, natives?: readonly string[]): void {
  const { client } = assignment;
  if (client === undefined) throw new TypeError('no work for a client');
  const { connections, depth, length, port } = client;
  const payload = Buffer.alloc(length, 'a');
  let messages = 0;
  for (let index = 0; index < connections; index++) {
    let awaited = depth;
    let burst = (): void => {};
    connect(
      `ws://127.0.0.1:${port}/`,
      (send) => {
        burst = () => {
          awaited = depth;
          for (let count = 0; count < depth; count++) send(payload);
        };
        burst();
      },
      () => {
        messages++;
        if (--awaited === 0) burst();
      },
    );
  }
  ready(0, natives, () => messages);
}
