/**
 * What a server sends of its error output along with the answer to a request goes to the error log, up to a limit: the
 * server may send without end, and may be talked into it.
 */

const BYTES_MAX = 16 * 1024;
/** What a message costs besides its text: so there are no more than 128 of them. */
const MESSAGE_BYTES = 128;

export class UpstreamStderr {
  #leftBytes = BYTES_MAX;
  #isOver = false;
  readonly #tell: (text: string) => void;

  constructor(tell: (text: string) => void) {
    this.#tell = tell;
  }

  take(chunk: Buffer): void {
    if (this.#isOver) return;
    const kept = chunk.subarray(0, Math.max(0, this.#leftBytes));
    this.#leftBytes -= kept.length + MESSAGE_BYTES;
    if (kept.length > 0) this.#tell(kept.utf8Slice());
    if (kept.length === chunk.length) return;
    this.#isOver = true;
    this.#tell('what else it says of this request is left out');
  }
}
