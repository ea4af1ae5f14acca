/**
 * What a client may do for nothing: requests taken back, pings, settings. Each costs us more than it costs the client
 * (CVE-2023-44487, CVE-2019-9512, CVE-2019-9515), so there is a number of them that is used up and grows back.
 */
export class Allowance {
  readonly #burst: number;
  readonly #perMs: number;
  #left: number;
  #at: number;

  constructor(burst: number, perSecond: number, now: number) {
    this.#burst = burst;
    this.#perMs = perSecond / 1000;
    this.#left = burst;
    this.#at = now;
  }

  /** Uses one up. False: there was none left. */
  take(now: number): boolean {
    this.#left = Math.min(this.#burst, this.#left + (now - this.#at) * this.#perMs);
    this.#at = now;
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }
}
