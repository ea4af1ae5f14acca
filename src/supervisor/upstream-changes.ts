/** What operators have changed about servers of upstreams: the last word on the state and on the weight of each. */
import type { UpstreamChange } from '../control/messages.ts';

export class UpstreamChanges {
  /** Later ones behind earlier ones: one for a single upstream may follow one for all that have the server. */
  readonly #changes = new Map<string, UpstreamChange>();

  add(change: UpstreamChange): void {
    const { upstream, server, change: what } = change;
    const key = JSON.stringify([upstream, server, Object.keys(what)]);
    this.#changes.delete(key);
    this.#changes.set(key, change);
  }

  [Symbol.iterator](): IterableIterator<UpstreamChange> {
    return this.#changes.values();
  }
}
