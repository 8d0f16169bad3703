import { Connection, type ConnectionHandler, Endpoint, type EndpointOptions } from '../../src/index.js';
import { concat } from './hex.js';

/** One call of `write`. */
export interface Written {
  /** as the transport sees them: not copied */
  bytes: Uint8Array<ArrayBuffer>;
  /** as they were when they were written */
  copy: Uint8Array<ArrayBuffer>;
  more: boolean;
}

/** A transport that says `left` of every write. */
export function transport(
  options: EndpointOptions,
  left: boolean,
  handler: Partial<ConnectionHandler<undefined>> = {},
): { connection: Connection<undefined>; written: Written[]; all(): Uint8Array<ArrayBuffer> } {
  const written: Written[] = [];
  const connection = new Connection(
    new Endpoint(options),
    {
      write: (_, bytes, more) => {
        written.push({ bytes, copy: bytes.slice(), more });
        return left;
      },
      end: () => {},
      ...handler,
    },
    undefined,
  );
  return { connection, written, all: () => concat(...written.map(({ copy }) => copy)) };
}

/** Sends back what comes. */
export const echo: Partial<ConnectionHandler<undefined>> = {
  text: (connection, text) => connection.sendText(text),
  binary: (connection, payload) => connection.sendBinary(payload),
};
