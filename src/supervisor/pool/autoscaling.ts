/**
 * Autoscaling: how many workers there should be, between the least and the most that the operator allows.
 *
 * More when requests wait: the gateway says a few times a second how long the oldest one has waited for a thread. What
 * counts is the least of several of these in a row, which tells a queue that stands from one that a moment filled
 * (CoDel, RFC 8289, section 4.1). Workers are added one at first, then two, four, … while it stands, each time when
 * those before serve.
 *
 * Fewer, one at a time, when the work has long fitted into one worker less: threads in use and CPU time, averaged over
 * some seconds, with the square root of it to spare, which is what keeps requests from waiting (Halfin and Whitt 1981).
 * The more often that turns out to be a mistake, the longer it is waited for (shrink-regret.ts).
 */
import type { ProcessRange, ScalingSettings } from '../../config/configuration.ts';
import type { Demand } from '../../control/messages.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Cancel, Clock } from '../clock.ts';
import { CpuMeter } from './cpu-meter.ts';
import { countWorkers } from './life-report.ts';
import type { MemoryRoom } from './memory-room.ts';
import { MovingAverage } from './moving-average.ts';
import type { Member } from './pool-member.ts';
import { ShrinkRegret } from './shrink-regret.ts';

export interface AutoscalingSettings {
  readonly processes: ProcessRange;
  readonly threads: number;
  readonly scaling: ScalingSettings;
}

export interface AutoscaledPool {
  /** Workers that there should be now. */
  size(): number;
  /** The workers that serve; null while one loads, is missing or is being replaced: their number stays as it is then. */
  settled(): readonly Member[] | null;
  resize(size: number, why: string): void;
  /** Null when it is not known, or without limit. */
  memoryRoom(): MemoryRoom | null;
}

/** Reports in a row, 200 ms apart, that must all say that requests wait. */
const REPORTS = 4;
const TICK_MS = 1000;
const AVERAGED_MS = 5000;
const IDLE: Omit<Demand, 'type'> = { waitMs: 0, queued: 0, busyThreads: 0, isIdle: true };

export class Autoscaling {
  readonly #settings: ScalingSettings;
  readonly #threads: number;
  readonly #pool: AutoscaledPool;
  readonly #clock: Clock;
  readonly #log: Log;
  #range: ProcessRange;
  #cancelTick: Cancel | null = null;
  /** The newest waits, since the number of workers has changed. */
  #waitsMs: number[] = [];
  /** Workers to add at once. */
  #step = 1;
  #isIdle = true;
  #busyAtMs = 0;
  readonly #busyThreads: MovingAverage;
  readonly #cpu: CpuMeter;
  /** Since when one worker fewer would be enough; null: it would not. */
  #fewerSinceMs: number | null = null;
  readonly #regret: ShrinkRegret;
  #isHeldSaid = false;

  constructor(
    { processes, scaling, threads }: AutoscalingSettings,
    pool: AutoscaledPool,
    clock: Clock,
    log: Log,
  ) {
    this.#range = processes;
    this.#settings = scaling;
    this.#threads = threads;
    this.#pool = pool;
    this.#clock = clock;
    this.#log = log;
    this.#busyThreads = new MovingAverage(AVERAGED_MS, clock);
    this.#cpu = new CpuMeter(AVERAGED_MS, clock);
    this.#regret = new ShrinkRegret(scaling.downIntervalMs, clock);
  }

  get range(): ProcessRange {
    return this.#range;
  }

  /** The number of workers may change by itself. */
  get isOn(): boolean {
    return this.#range.min < this.#range.max;
  }

  /** From now on. */
  setRange(range: ProcessRange): void {
    this.stop();
    this.#range = range;
    this.#busyAtMs = this.#clock.now();
    this.#restart();
    this.start();
  }

  start(): void {
    if (this.isOn) this.#cancelTick = this.#clock.after(TICK_MS, () => this.#tick());
  }

  stop(): void {
    this.#cancelTick?.();
    this.#cancelTick = null;
  }

  /** Its requests ended with the gateway. */
  lostGateway(): void {
    this.demanded(IDLE);
  }

  /** What the gateway says. */
  demanded({ waitMs, queued, busyThreads, isIdle }: Omit<Demand, 'type'>): void {
    if (!this.isOn) return;
    this.#isIdle = isIdle;
    this.#busyThreads.add(busyThreads);
    if (!isIdle) this.#busyAtMs = this.#clock.now();
    if (waitMs > this.#settings.upWaitMs) this.#fewerSinceMs = null;
    const members = this.#pool.settled();
    if (members === null) this.#waitsMs = [];
    else if (members.length === 0 && queued > 0) this.#resize(1, 'there is a request');
    else if (members.length > 0) this.#judgeWait(waitMs, members);
  }

  #judgeWait(waitMs: number, members: readonly Member[]): void {
    this.#waitsMs = [...this.#waitsMs, waitMs].slice(-REPORTS);
    if (this.#waitsMs.length < REPORTS) return;
    const standingMs = Math.min(...this.#waitsMs);
    if (standingMs > this.#settings.upWaitMs) return this.#grow(members, standingMs);
    this.#step = 1;
    this.#isHeldSaid = false;
  }

  #grow(members: readonly Member[], standingMs: number): void {
    const wanted = Math.min(members.length + this.#step, this.#range.max);
    if (wanted <= members.length) return;
    const why = `requests have waited for ${Math.round(standingMs)} ms`;
    const size = Math.min(wanted, members.length + this.#roomFor(members, why));
    if (size === members.length) return;
    this.#step *= 2;
    this.#regret.grown();
    this.#isHeldSaid = false;
    this.#resize(size, why);
  }

  /** More workers of the present size that the memory has room for. */
  #roomFor(members: readonly Member[], why: string): number {
    const room = this.#pool.memoryRoom();
    const sizes = members.flatMap(({ process }) => process.usage()?.residentBytes ?? []);
    if (room === null || sizes.length === 0) return Number.POSITIVE_INFINITY;
    const each = sizes.reduce((sum, bytes) => sum + bytes, 0) / sizes.length;
    if (room.bytes < each && !this.#isHeldSaid) {
      this.#isHeldSaid = true;
      const found = `${room.of} has room for ${mebibytes(room.bytes)} MiB, and a worker takes ${mebibytes(each)} MiB`;
      this.#log.warn(
        'scaling-held',
        `${why}, but there will be no more than ${countWorkers(members.length)}: ${found}`,
      );
    }
    return Math.floor(room.bytes / each);
  }

  #tick(): void {
    this.start();
    const members = this.#pool.settled();
    const idleMs = this.#idleMs(members);
    if (this.#range.min === 0 && this.#pool.size() > 0 && idleMs >= this.#settings.inactivityTimeoutMs) {
      this.#resize(0, `there was no request for ${seconds(idleMs)} s`);
    } else if (members !== null && members.length > Math.max(1, this.#range.min)) {
      this.#cpu.measure(members);
      this.#shrink(members.length - 1);
    } else if (members !== null) {
      this.#fewerSinceMs = null;
    }
  }

  /** How long all workers have had nothing to do, also those that are new. */
  #idleMs(members: readonly Member[] | null): number {
    if (!this.#isIdle) return 0;
    const ready = (members ?? []).map(({ readyForMs }) => readyForMs ?? 0);
    return Math.min(this.#clock.now() - this.#busyAtMs, ...ready);
  }

  /** To `size` workers, if that was enough for long. */
  #shrink(size: number): void {
    const nowMs = this.#clock.now();
    if (!fits(this.#busyThreads.value, size * this.#threads) || !fits(this.#cpu.cores, size)) {
      this.#fewerSinceMs = null;
      return;
    }
    this.#fewerSinceMs ??= nowMs;
    const enoughMs = nowMs - this.#fewerSinceMs;
    if (enoughMs < this.#regret.waitMs) return;
    this.#regret.shrunk();
    this.#resize(size, `that has been enough for ${seconds(enoughMs)} s`);
  }

  #resize(size: number, why: string): void {
    this.#restart();
    this.#pool.resize(size, why);
  }

  /** What was seen of another number of workers says nothing of this one. */
  #restart(): void {
    this.#waitsMs = [];
    this.#fewerSinceMs = null;
  }
}

/** Work is handled by so many places without waiting, mostly. */
function fits(work: number, places: number): boolean {
  return work + Math.sqrt(work) <= places;
}

function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(0);
}

function seconds(ms: number): number {
  return Math.round(ms / 100) / 10;
}
