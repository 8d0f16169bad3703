import { Duplex, type DuplexOptions } from 'node:stream';
import { nextTick } from '../runtime/clock.js';
import type { RawData } from '../values/payload.js';
import { READY_STATES } from '../values/ready-state.js';
import type { WebSocket } from './web-socket.js';

type Done = (error?: Error | null) => void;

/**
 * A `WebSocket` as a stream: what is written leaves as one message a chunk, and what comes in can be read, with
 * backpressure both ways. The end of the stream closes the connection.
 *
 * @param options those of `Duplex`. With `readableObjectMode` texts come out as strings; `writableObjectMode` and
 * `objectMode` are not taken
 *
 * @example
 * process.stdin.pipe(createWebSocketStream(new WebSocket('ws://127.0.0.1:8080'))).pipe(process.stdout);
 */
export function createWebSocketStream(websocket: WebSocket, options: DuplexOptions = {}): Duplex {
  return new WebSocketStream(websocket, options);
}

class WebSocketStream extends Duplex {
  readonly #websocket: WebSocket;
  // An error of the connection comes with its own closing handshake, which `terminate` would cut off.
  #terminates = true;

  constructor(websocket: WebSocket, options: DuplexOptions) {
    super({
      ...options,
      autoDestroy: false,
      emitClose: false,
      objectMode: false,
      writableObjectMode: false,
    });
    this.#websocket = websocket;
    websocket.on('message', (data: RawData, isBinary: boolean) => this.#receive(data, isBinary));
    websocket.once('error', (error: Error) => {
      if (this.destroyed) return;
      this.#terminates = false;
      this.destroy(error);
    });
    websocket.once('close', () => {
      if (!this.destroyed) this.push(null);
    });
    this.on('end', () => {
      if (!this.destroyed && this.writableFinished) this.destroy();
    });
    const onError = (error: Error): void => {
      this.removeListener('error', onError);
      this.destroy();
      // An error that nobody listens to must surface.
      if (this.listenerCount('error') === 0) this.emit('error', error);
    };
    this.on('error', onError);
  }

  #receive(data: RawData, isBinary: boolean): void {
    const chunk = !isBinary && this.readableObjectMode ? String(data) : data;
    if (!this.push(chunk)) this.#websocket.pause();
  }

  override _read(): void {
    if (this.#websocket.isPaused) this.#websocket.resume();
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, done: Done): void {
    const websocket = this.#websocket;
    if (websocket.readyState === READY_STATES.CONNECTING) {
      websocket.once('open', () => this._write(chunk, encoding, done));
      return;
    }
    websocket.send(chunk, done);
  }

  override _final(done: Done): void {
    const websocket = this.#websocket;
    if (websocket.readyState === READY_STATES.CONNECTING) {
      websocket.once('open', () => this._final(done));
      return;
    }
    const socket = websocket._socket;
    // The opening handshake failed: the error that tells so ends this stream.
    if (socket === null) return;
    if (socket.writableFinished) {
      done();
      if (this.readableEnded) this.destroy();
    } else {
      socket.once('finish', () => done());
      websocket.close();
    }
  }

  override _destroy(error: Error | null, done: Done): void {
    const websocket = this.#websocket;
    const closed = (): void => {
      nextTick(() => this.emit('close'));
    };
    if (websocket.readyState === READY_STATES.CLOSED) {
      done(error);
      closed();
      return;
    }
    let called = false;
    websocket.once('error', (failure: Error) => {
      called = true;
      done(failure);
    });
    websocket.once('close', () => {
      if (!called) done(error);
      closed();
    });
    if (this.#terminates) websocket.terminate();
  }
}
