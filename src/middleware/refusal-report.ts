/**
 * Requests that middleware has refused, in one line of the error log a second: a flood of requests must not become a
 * flood of lines.
 */

const REPORT_MS = 1_000;

export class RefusalReport {
  readonly #tell: (what: string) => void;
  readonly #counts = new Map<string, number>();
  #lastKey = '';
  #timer: NodeJS.Timeout | null = null;

  /** `tell` gets what was done within a second. */
  constructor(tell: (what: string) => void) {
    this.#tell = tell;
  }

  /** `what` was done with one request: "refused". `key`: whose it was. */
  add(what: string, key: string): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1);
    this.#lastKey = key;
    this.#timer ??= setTimeout(this.#report, REPORT_MS).unref();
  }

  readonly #report = (): void => {
    this.#timer = null;
    const counts = [...this.#counts].map(([what, count]) => `${what} ${count}`).join(', ');
    this.#counts.clear();
    this.#tell(`${counts} within a second, the last of ${JSON.stringify(this.#lastKey)}`);
  };
}
