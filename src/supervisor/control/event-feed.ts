/**
 * What happens in the server, for those who follow it (`vivarium events`): every message of the error log of `info` and
 * above, from the supervisor and its gateway. The newest are remembered.
 */
import type { ServerEvent } from '../../control/protocol.ts';

const REMEMBERED_MAX = 200;
const FOLLOWERS_MAX = 8;
/** A traceback or a stack. The error log has it whole. */
const MESSAGE_LENGTH_MAX = 4096;

type Follower = (event: ServerEvent) => void;

export class EventFeed {
  #remembered: ServerEvent[] = [];
  readonly #followers = new Map<Follower, () => void>();
  #isEnded = false;

  add(event: ServerEvent): void {
    const { message } = event;
    const isLong = message.length > MESSAGE_LENGTH_MAX;
    const kept = isLong ? { ...event, message: `${message.slice(0, MESSAGE_LENGTH_MAX)} …` } : event;
    this.#remembered.push(kept);
    // Not one by one: that would move all of them each time.
    if (this.#remembered.length >= 2 * REMEMBERED_MAX) this.#remembered = this.newest(REMEMBERED_MAX);
    for (const follower of this.#followers.keys()) follower(kept);
  }

  /** The last `count` that are remembered, the oldest first. */
  newest(count: number): ServerEvent[] {
    return count === 0 ? [] : this.#remembered.slice(-Math.min(count, REMEMBERED_MAX));
  }

  /** Resolves when there will be no more, or when the follower has gone. */
  follow(follower: Follower, gone: AbortSignal): Promise<void> {
    if (this.#followers.size >= FOLLOWERS_MAX)
      return Promise.reject(new Error(`${FOLLOWERS_MAX} others follow the events already`));
    if (this.#isEnded || gone.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const stop = () => {
        this.#followers.delete(follower);
        resolve();
      };
      this.#followers.set(follower, stop);
      gone.addEventListener('abort', stop, { once: true });
    });
  }

  end(): void {
    this.#isEnded = true;
    for (const stop of [...this.#followers.values()]) stop();
  }
}
