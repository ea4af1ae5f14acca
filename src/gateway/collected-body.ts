/** A request body while it is collected, and once it is whole: a client's pace never becomes a worker's. */
import { Spool, type SpoolLimits } from '../base/spool.ts';
import type { RequestBody } from '../exchange.ts';

export class CollectedBody implements RequestBody {
  readonly #spool: Spool;
  size = 0;

  constructor(limits: SpoolLimits) {
    this.#spool = new Spool(limits);
  }

  /** False: hold the next bytes until `resume` is called. */
  add(chunk: Buffer, resume: () => void): boolean {
    this.size += chunk.length;
    this.#spool.onDrain = resume;
    return this.#spool.write(chunk);
  }

  complete(): void {
    this.#spool.onDrain = null;
    this.#spool.end();
  }

  get inMemory(): Uint8Array | null {
    return this.#spool.inMemory;
  }

  read(callback: (error: Error | null, chunk: Uint8Array | null) => void): void {
    this.#spool.read(callback);
  }

  discard(): void {
    this.#spool.discard();
  }
}
