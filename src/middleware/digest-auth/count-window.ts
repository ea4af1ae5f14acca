/**
 * Which counts of a nonce were used. A client counts upwards, but its requests overtake each other on several
 * connections: one that comes late is taken once, if it is not too far behind the highest.
 */

const WINDOW = 256;
const MASK = (1n << BigInt(WINDOW)) - 1n;

export class CountWindow {
  #highest: number;
  /** Bit n: the count that is n below the highest. */
  #taken = 1n;

  /** `first`: taken with that. */
  constructor(first: number) {
    this.#highest = first;
  }

  /** False: it was taken before, or may have been. */
  take(count: number): boolean {
    const ahead = count - this.#highest;
    if (ahead > 0) {
      this.#taken = ahead >= WINDOW ? 1n : ((this.#taken << BigInt(ahead)) | 1n) & MASK;
      this.#highest = count;
      return true;
    }
    if (-ahead >= WINDOW) return false;
    const bit = 1n << BigInt(-ahead);
    if ((this.#taken & bit) !== 0n) return false;
    this.#taken |= bit;
    return true;
  }
}
