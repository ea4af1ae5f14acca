/** One thing after the other: those who ask for what already waits for its turn share it. */
export class Turns<T> {
  #last: Promise<unknown> = Promise.resolve();
  readonly #waiting = new Map<string, Promise<T>>();

  take(name: string, action: () => Promise<T>): Promise<T> {
    const waiting = this.#waiting.get(name);
    if (waiting !== undefined) return waiting;
    const turn = this.#last.then(() => {
      this.#waiting.delete(name);
      return action();
    });
    this.#waiting.set(name, turn);
    this.#last = turn.catch(() => {});
    return turn;
  }
}
