import { AsyncResource } from 'node:async_hooks';
import type { Done } from '@x/frame-codec';
import { callSoon, surfaceLater } from '../runtime/scheduler.js';

/** Called when bytes have gone to the operating system, or failed to. */
export type Sent = (error?: Error | null) => void;

/** What waits for bytes to have gone to the operating system. */
export interface Waiter {
  /** They have gone, or, with an error, were lost. */
  tell(error?: Error | null): void;
}

/** What a {@link SendCallback} asks of its connection. */
interface Sending {
  /** Has the waiter told when what is sent now has gone. */
  awaitSent(waiter: Waiter): void;
  /** whether the stream is closed */
  readonly isFinished: boolean;
}

/** The callback of one `send`, `ping` or `pong`: called once at most, in the async context of that call. */
export class SendCallback extends AsyncResource implements Waiter {
  #sent: Sent | undefined;
  /** why the message is lost, where that is known before the write that it was to leave with has ended */
  #lost: Error | undefined;
  /** For the codec: the message leaves with the next write, or never. */
  readonly done: Done;

  constructor(sent: Sent, connection: Sending) {
    super('WebSocketSend');
    this.#sent = sent;
    this.done = (error) => {
      this.#lost = error;
      if (error === undefined) connection.awaitSent(this);
      // No call of the application is at hand, and `close` comes last.
      else if (connection.isFinished) surfaceLater(() => this.tell(error));
      else this.tellLater(error);
    };
  }

  tell(error?: Error | null): void {
    const sent = this.#sent;
    this.#sent = undefined;
    if (sent === undefined) return;
    const lost = this.#lost ?? error;
    if (lost) this.runInAsyncScope(sent, undefined, lost);
    else this.runInAsyncScope(sent);
  }

  /** As {@link tell}, but not from inside the call at hand. */
  tellLater(error: Error): void {
    callSoon(() => this.tell(error));
  }

  /** The call that gave it throws: it is never called. */
  cancel(): void {
    this.#sent = undefined;
  }
}
