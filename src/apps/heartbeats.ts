/**
 * deadlock-timeout: is the Python interpreter of each worker running? Its main thread answers pings as soon as it gets
 * the interpreter, which a C extension that does not let go of it, or a deadlock inside one, prevents.
 *
 *   well ─ a ping is not answered for 2 s → silent: it gets no more requests
 *        ─ … for deadlock-timeout → deadlocked: it is to be replaced          any of them ─ an answer → well
 *
 * Time counts only while the worker could have answered and we could have heard it: not while our own loop stood still,
 * while the process is stopped (a debugger), or while it is being swapped in.
 */
import type { Log } from '../telemetry/log.ts';
import { type ProcessState, readProcessState } from './process-state.ts';
import type { Worker } from './worker.ts';

/** Two looks around are about a second apart. A longer pause is one of ours, with answers that we have not read yet. */
const PAUSE_MAX_MS = 1_500;
const SILENT_MS = 2_000;

interface DeadlockEvents {
  /** `why` completes "worker 3 (pid 77) …". */
  deadlocked(worker: Worker, why: string): void;
}

interface Heart {
  /** performance.now() of the last ping. */
  pingedAt: number;
  /** It has not been answered. */
  isAwaited: boolean;
  /** For so long, and for so long of it the worker is to blame. */
  silentMs: number;
  blamedMs: number;
  majorFaults: number;
}

export class Heartbeats {
  readonly #timeoutMs: number;
  readonly #events: DeadlockEvents;
  readonly #log: Log;
  readonly #stateOf: (pid: number) => ProcessState | null;
  readonly #hearts = new WeakMap<Worker, Heart>();
  #checkedAt = 0;

  constructor(timeoutMs: number, events: DeadlockEvents, log: Log, stateOf = readProcessState) {
    this.#timeoutMs = timeoutMs;
    this.#events = events;
    this.#log = log;
    this.#stateOf = stateOf;
  }

  /** Once a second. */
  check(workers: Iterable<Worker>, now: number): void {
    if (this.#timeoutMs === 0) return;
    const pausedMs = Math.min(now - this.#checkedAt, PAUSE_MAX_MS);
    this.#checkedAt = now;
    for (const worker of workers) {
      if (worker.state === 'expected' || worker.state === 'gone') continue;
      const heart = this.#heartOf(worker);
      if (heart.isAwaited) this.#wait(worker, heart, pausedMs);
      else if (worker.load > 0 || now - heart.pingedAt >= this.#timeoutMs / 2) this.#ping(worker, heart, now);
    }
  }

  /** Its control connection was lost, and what was said on it. */
  askAgain(worker: Worker): void {
    if (this.#hearts.get(worker)?.isAwaited) worker.ping();
  }

  answered(worker: Worker): void {
    const heart = this.#hearts.get(worker);
    if (heart === undefined) return;
    Object.assign(heart, { isAwaited: false, silentMs: 0, blamedMs: 0 });
    if (worker.pulse === 'deadlocked') this.#log.info('worker-awake', `${worker.name} answers again`);
    worker.setPulse('well');
  }

  #ping(worker: Worker, heart: Heart, now: number): void {
    heart.pingedAt = now;
    heart.isAwaited = true;
    worker.ping();
  }

  #wait(worker: Worker, heart: Heart, pausedMs: number): void {
    heart.silentMs += pausedMs;
    if (this.#isToBlame(worker, heart)) heart.blamedMs += pausedMs;
    if (worker.pulse === 'deadlocked') return;
    if (heart.blamedMs >= this.#timeoutMs) this.#giveUp(worker, heart.blamedMs);
    else if (heart.silentMs >= SILENT_MS) worker.setPulse('silent');
  }

  #giveUp(worker: Worker, blamedMs: number): void {
    worker.setPulse('deadlocked');
    const limit = `deadlock-timeout ${this.#timeoutMs / 1000} s`;
    this.#events.deadlocked(
      worker,
      `has not run Python code for ${Math.round(blamedMs / 1000)} s (${limit})`,
    );
  }

  #isToBlame(worker: Worker, heart: Heart): boolean {
    const state = this.#stateOf(worker.pid);
    if (state === null) return true;
    const isSwapped = heart.majorFaults >= 0 && state.majorFaults > heart.majorFaults;
    heart.majorFaults = state.majorFaults;
    return !state.isStopped && !isSwapped;
  }

  #heartOf(worker: Worker): Heart {
    let heart = this.#hearts.get(worker);
    if (heart === undefined) {
      heart = { pingedAt: 0, isAwaited: false, silentMs: 0, blamedMs: 0, majorFaults: -1 };
      this.#hearts.set(worker, heart);
    }
    return heart;
  }
}
