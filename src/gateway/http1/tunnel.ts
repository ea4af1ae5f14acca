/** What a client sends on a connection that was switched to another protocol. */
import type { Socket } from 'node:net';
import { type BodySource, StreamedBody } from '../streamed-body.ts';

const NO_SPOOL = { memoryMax: 0, fileMax: 0, directory: '' };

export class Tunnel implements BodySource {
  readonly #socket: Socket;
  readonly input: StreamedBody;

  /** `rest`: what the client has sent behind its request. */
  constructor(socket: Socket, rest: Buffer) {
    this.#socket = socket;
    this.input = new StreamedBody(this, -1, 0, NO_SPOOL);
    if (rest.length > 0) this.input.push(rest);
  }

  wanted(): void {
    if (this.#socket.isPaused()) this.#socket.resume();
  }

  arrived(chunk: Buffer): void {
    if (!this.input.push(chunk)) this.#socket.pause();
  }

  ended(): void {
    this.input.end(null);
  }
}
