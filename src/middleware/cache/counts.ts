/** What a gateway's caches have done since it was started, for the metrics. */

export class CacheCounts {
  /** Requests by what became of them. */
  readonly requests = { hit: 0, stale: 0, revalidated: 0, miss: 0, bypass: 0 };
  /** Requests that waited for the answer of another one. */
  coalesced = 0;
  stored = 0;
  purged = 0;
  /** Body bytes of answers that were sent from the store. */
  hitBytes = 0;
}
