/** What a suite that starts several things has to end: the last first, and all of it, whatever fails. */
export type Cleanup = () => unknown;

export class Cleanups {
  readonly #all: Cleanup[] = [];

  after(then: Cleanup): void {
    this.#all.push(then);
  }

  async run(): Promise<void> {
    for (let cleanup = this.#all.pop(); cleanup !== undefined; cleanup = this.#all.pop()) await cleanup();
  }
}
