/**
 * Requests, threads and workers that are only numbers: what autoscaling decides about them, minutes of it in
 * milliseconds. Requests come at random, wait first in, first out, and each takes a thread for the same time.
 */
import type { ProcessRange } from '../../src/config/configuration.ts';
import { type AutoscaledPool, Autoscaling } from '../../src/supervisor/pool/autoscaling.ts';
import type { MemoryRoom } from '../../src/supervisor/pool/memory-room.ts';
import type { Member } from '../../src/supervisor/pool/pool-member.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { FakeClock } from './fake-clock.ts';

const STEP_MS = 10;
const REPORT_MS = 200;
const LOADING_MS = 700;
const MIB = 2 ** 20;

export interface SimulationOptions {
  readonly threads?: number;
  readonly serviceMs?: number;
  /** Processor cores that each busy thread takes. */
  readonly coresEach?: number;
  /** 0: requests come like clockwork. */
  readonly seed?: number;
}

export class SimulatedLoad implements AutoscaledPool {
  readonly clock = new FakeClock();
  readonly lines: string[] = [];
  /** Each number of workers there was, the present one last. */
  readonly sizes: number[] = [];
  readonly autoscaling: Autoscaling;
  room: MemoryRoom | null = null;
  /** Longest wait for a thread in the last `run`. */
  longestWaitMs = 0;
  #members: { readonly readyAtMs: number; cpuMs: number }[] = [];
  #queue: number[] = [];
  /** When each running request ends. */
  #running: number[] = [];
  /** Since the last report. */
  #startedSince = 0;
  #due = 0;
  #random: number;
  #wasIdle = true;
  readonly #options: Required<SimulationOptions>;

  constructor(processes: ProcessRange, options: SimulationOptions = {}) {
    this.#options = { threads: 4, serviceMs: 100, coresEach: 0, seed: 1, ...options };
    this.#random = this.#options.seed;
    const scaling = { upWaitMs: 50, downIntervalMs: 30_000, inactivityTimeoutMs: 300_000 };
    const { threads } = this.#options;
    const log = createLog('test', 'debug', (line) =>
      this.lines.push(line.replace(/^.*\[test\] /, '').trim()),
    );
    this.autoscaling = new Autoscaling({ processes, threads, scaling }, this, this.clock, log);
    this.resize(processes.min);
    this.clock.advance(LOADING_MS);
    this.autoscaling.start();
  }

  /** How often the number went up, then down, or down, then up. */
  get turns(): number {
    const steps = this.sizes.slice(1).map((size, at) => Math.sign(size - this.sizes[at]!));
    return steps.slice(1).filter((sign, at) => sign !== steps[at]).length;
  }

  // AutoscaledPool

  size(): number {
    return this.#members.length;
  }

  settled(): readonly Member[] | null {
    const nowMs = this.clock.now();
    if (this.#members.some(({ readyAtMs }) => readyAtMs > nowMs)) return null;
    return this.#members.map((member) => {
      const process = { usage: () => ({ residentBytes: 100 * MIB, cpuMs: member.cpuMs }) };
      return Object.assign(member, { process, readyForMs: nowMs - member.readyAtMs }) as unknown as Member;
    });
  }

  resize(size: number): void {
    const readyAtMs = this.clock.now() + LOADING_MS;
    this.#members = this.#members.slice(0, size);
    while (this.#members.length < size) this.#members.push({ readyAtMs, cpuMs: 0 });
    this.sizes.push(size);
  }

  memoryRoom(): MemoryRoom | null {
    return this.room;
  }

  /** `perSecond`: requests, at each time since the start of this run. */
  run(forMs: number, perSecond: (ms: number) => number): this {
    this.longestWaitMs = 0;
    for (let ms = 0; ms < forMs; ms += STEP_MS) {
      this.#arrive((perSecond(ms) * STEP_MS) / 1000);
      this.#serve();
      if (this.clock.now() % REPORT_MS < STEP_MS) this.#report();
      this.clock.advance(STEP_MS);
    }
    return this;
  }

  #arrive(expected: number): void {
    this.#due += this.#options.seed === 0 ? expected : poisson(expected, () => this.#next());
    for (; this.#due >= 1; this.#due--) this.#queue.push(this.clock.now());
  }

  #serve(): void {
    const nowMs = this.clock.now();
    const { threads, serviceMs, coresEach } = this.#options;
    this.#running = this.#running.filter((endsMs) => endsMs > nowMs);
    const ready = this.#members.filter(({ readyAtMs }) => readyAtMs <= nowMs);
    while (this.#queue.length > 0 && this.#running.length < ready.length * threads) {
      this.longestWaitMs = Math.max(this.longestWaitMs, nowMs - this.#queue.shift()!);
      this.#running.push(nowMs + serviceMs);
      this.#startedSince++;
    }
    for (const member of ready) member.cpuMs += (this.#running.length * coresEach * STEP_MS) / ready.length;
  }

  /** As apps/demand-reports.ts does. */
  #report(): void {
    const queued = this.#queue.length;
    const busyThreads = this.#running.length;
    const isIdle = queued + busyThreads + this.#startedSince === 0;
    this.#startedSince = 0;
    const waitMs = queued > 0 ? this.clock.now() - this.#queue[0]! : 0;
    if (!isIdle || !this.#wasIdle) this.autoscaling.demanded({ waitMs, queued, busyThreads, isIdle });
    this.#wasIdle = isIdle;
  }

  /** mulberry32 */
  #next(): number {
    this.#random = (this.#random + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#random ^ (this.#random >>> 15), 1 | this.#random);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }
}

/** Knuth's algorithm, good for small numbers. */
function poisson(expected: number, random: () => number): number {
  const limit = Math.exp(-expected);
  let count = 0;
  for (let product = random(); product > limit; product *= random()) count++;
  return count;
}
