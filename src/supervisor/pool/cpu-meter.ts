/** How many processor cores a changing set of workers keeps busy. */
import type { Clock } from '../clock.ts';
import { MovingAverage } from './moving-average.ts';
import type { Member } from './pool-member.ts';

export class CpuMeter {
  readonly #average: MovingAverage;
  readonly #clock: Clock;
  /** CPU time of each at the last measurement. */
  #usedMs = new Map<Member, number>();
  #atMs: number;

  constructor(averagedMs: number, clock: Clock) {
    this.#average = new MovingAverage(averagedMs, clock);
    this.#clock = clock;
    this.#atMs = clock.now();
  }

  get cores(): number {
    return this.#average.value;
  }

  /** A worker counts from its second measurement on. */
  measure(members: readonly Member[]): void {
    const usedMs = new Map<Member, number>();
    let sinceMs = 0;
    for (const member of members) {
      const cpuMs = member.process.usage()?.cpuMs;
      if (cpuMs === undefined) continue;
      usedMs.set(member, cpuMs);
      sinceMs += cpuMs - (this.#usedMs.get(member) ?? cpuMs);
    }
    const nowMs = this.#clock.now();
    if (nowMs > this.#atMs) this.#average.add(sinceMs / (nowMs - this.#atMs));
    this.#usedMs = usedMs;
    this.#atMs = nowMs;
  }
}
