/** What a client sends once its connection, or its stream, was switched to another protocol. */
import type { Readable } from 'node:stream';
import { type BodySource, StreamedBody } from './streamed-body.ts';

const NO_SPOOL = { memoryMax: 0, fileMax: 0, directory: '' };

export class Tunnel implements BodySource {
  readonly #socket: Readable;
  readonly input: StreamedBody;

  /** `rest`: what the client has sent behind its request, and was read. */
  constructor(socket: Readable, rest: Buffer | null) {
    this.#socket = socket;
    this.input = new StreamedBody(this, -1, 0, NO_SPOOL);
    if (rest !== null && rest.length > 0) this.input.push(rest);
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
