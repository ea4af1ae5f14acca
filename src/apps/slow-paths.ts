/**
 * The paths that were slow lately. Nothing is queued behind a request for one of them, if it can be helped: recalling
 * the others later costs them some milliseconds. A path that turns out fast is forgotten at once.
 */

/** As many as a site has slow pages; of paths with numbers in them the latest. */
const PATHS_MAX = 256;
const REMEMBERED_MS = 10_000;

export class SlowPaths {
  /** Until when, in the order in which they were last slow. */
  readonly #until = new Map<string, number>();

  has(path: string): boolean {
    return this.#until.size > 0 && this.#until.has(path);
  }

  add(path: string, now: number): void {
    this.#until.delete(path);
    this.#forgetOld(now);
    // A flat copy, so that it does not keep the head of a request alive.
    this.#until.set(Buffer.from(path, 'latin1').latin1Slice(), now + REMEMBERED_MS);
  }

  delete(path: string): void {
    this.#until.delete(path);
  }

  #forgetOld(now: number): void {
    for (const [path, until] of this.#until) {
      if (until > now && this.#until.size < PATHS_MAX) return;
      this.#until.delete(path);
    }
  }
}
