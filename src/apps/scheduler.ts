/**
 * Which channel gets the next request: batch when fast, spread when slow.
 *
 * While requests take microseconds, several wait on the hottest channel, which saves system calls on both sides.
 * While they work and do not wait, one thread of each process gets them, since a second would only take turns with it.
 * Otherwise those that take longer than a hand-over costs are spread over the processes; when they take about a
 * millisecond each channel holds one. A channel whose first request has run for long (`stuck`) gets nothing.
 */
import type { ServiceTime } from './service-time.ts';

/** What the scheduler looks at. */
export interface Schedulable {
  readonly worker: { readonly load: number };
  /** Requests given to it and not answered. */
  readonly load: number;
  /** Its first request runs longer than predicted, or a body is being sent to it. */
  readonly closed: boolean;
}

/** Below this a hand-over to another process costs more than it brings. */
const SPREAD_US = 25;

export class Scheduler<Channel extends Schedulable> {
  readonly #serviceTime: ServiceTime;
  #workers: readonly (readonly Channel[])[] = [];
  /** The first channel of each worker, then the second of each, …: taken in order they fill processes before threads. */
  #channels: readonly Channel[] = [];

  constructor(serviceTime: ServiceTime) {
    this.#serviceTime = serviceTime;
  }

  setChannels(byWorker: readonly (readonly Channel[])[]): void {
    const longest = Math.max(0, ...byWorker.map((channels) => channels.length));
    const ordered: Channel[] = [];
    for (let i = 0; i < longest; i++)
      for (const channels of byWorker) if (i < channels.length) ordered.push(channels[i]!);
    this.#channels = ordered;
    this.#workers = byWorker;
  }

  /** The channel for a request that is whole; null when it must wait. */
  pick(): Channel | null {
    const { batch } = this.#serviceTime;
    if (batch === 1) return this.pickIdle();
    if (this.#serviceTime.isBusy) return this.#pickBusy(2 * batch);
    if (this.#serviceTime.us >= SPREAD_US) return this.#pickSpread(batch);
    for (const channel of this.#channels) if (!channel.closed && channel.load < batch) return channel;
    return null;
  }

  /** A channel that does nothing, of the least busy process; for requests whose body follows, too. */
  pickIdle(): Channel | null {
    let best: Channel | null = null;
    for (const channel of this.#channels) {
      if (channel.closed || channel.load > 0) continue;
      if (best === null || channel.worker.load < best.worker.load) best = channel;
      if (best.worker.load === 0) return best;
    }
    return best;
  }

  /**
   * One thread of each process works; what it has no room for waits, and the other threads are for requests that turn
   * out slow. Two batches: the next one is there when it has answered the first.
   */
  #pickBusy(room: number): Channel | null {
    let best: Channel | null = null;
    for (const channels of this.#workers) {
      const working = channels.find(isWorking) ?? channels.find(isOpen);
      if (working === undefined || working.load >= room) continue;
      if (best === null || working.worker.load < best.worker.load) best = working;
    }
    return best;
  }

  /** The first channel with room of the least busy process. */
  #pickSpread(batch: number): Channel | null {
    let best: Channel | null = null;
    for (const channel of this.#channels) {
      if (channel.closed || channel.load >= batch) continue;
      if (best === null || channel.worker.load < best.worker.load) best = channel;
      if (best.worker.load === 0) return best;
    }
    return best;
  }
}

function isOpen(channel: Schedulable): boolean {
  return !channel.closed;
}

function isWorking(channel: Schedulable): boolean {
  return channel.load > 0 && !channel.closed;
}
