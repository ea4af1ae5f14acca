/**
 * One worker as the pool sees it: its state, and the time it has in that state.
 *
 *   loading → (standby →) active → draining → stopping → gone
 *
 * It may leave for `stopping` from any state. `standby` is ready and waiting for the rest of its generation.
 */
import type { WorkerIdentity } from '../../control/messages.ts';
import type { Cancel, Clock } from '../clock.ts';
import type { ProcessUsage } from '../processes/process-usage.ts';
import type { ThreadStacks } from '../processes/thread-stacks.ts';

export type MemberState = 'loading' | 'standby' | 'active' | 'draining' | 'stopping';

/** What the application is told when its process is stopped: mod_wsgi's words, and the names of limits like them. */
export type StopReason = string;
export const SHUTDOWN: StopReason = 'shutdown_signal';
export const RELOAD: StopReason = 'script_reload';
export const SCALE_DOWN: StopReason = 'scale_down';
export const EVICTION: StopReason = 'eviction_signal';

/** What the pool needs of a worker's process. */
export interface WorkerProcess {
  readonly identity: WorkerIdentity;
  readonly pid: number | null;
  /** For messages: "worker 3 (pid 77)". */
  readonly label: string;
  /** Null when it is not known. */
  usage(): ProcessUsage | null;
  /** Where its threads are, which it need not know itself. */
  takeStacks(then: (stacks: ThreadStacks) => void): void;
  terminate(reason: StopReason): void;
  kill(): void;
}

export interface TimeLimits {
  /** Age that new workers must have come to before a reload gives them requests. */
  readonly settleMs: number;
  /** 0: none. */
  readonly startupTimeoutMs: number;
  readonly gracefulTimeoutMs: number;
  /** 0: gracefulTimeoutMs. */
  readonly evictionTimeoutMs: number;
  readonly shutdownTimeoutMs: number;
}

/** A place in a generation. It is filled again when its worker leaves. */
export interface Slot {
  /** As in WorkerIdentity. */
  readonly generation: number;
  member: Member | null;
  /** It starts while `member`, which is well, goes on, and takes its place when it is ready. */
  successor: Member | null;
  /** Workers in this place that failed in a row. */
  failures: number;
  /** The worker that was here before. */
  predecessor: string | null;
  /** Set while the place waits for its next worker. */
  cancelRetry: Cancel | null;
}

export class Member {
  readonly process: WorkerProcess;
  /** Null when it has left its place to another worker. */
  slot: Slot | null;
  /** Why it is replaced although it is well; completes "worker 3 (pid 77) …". */
  reason: string | null = null;
  /** Why it is told to stop. */
  stopReason = SHUTDOWN;
  /** Why its successor starts; null when it has none. */
  recycling: { readonly why: string; readonly stopReason: StopReason } | null = null;
  /** What made it useless, in the same form. */
  failure: string | null = null;
  /** An operator has told it to go. */
  isEvicted = false;
  readonly #limits: TimeLimits;
  readonly #clock: Clock;
  readonly #overdue: (member: Member, why: string, stacks: string) => void;
  readonly #startedAtMs: number;
  #readyAtMs: number | null = null;
  #state: MemberState = 'loading';
  #cancelDeadline: Cancel = () => {};
  #wasKilled = false;

  /** `overdue` is called when it takes too long to become ready, or to come back to a new gateway. */
  constructor(
    process: WorkerProcess,
    slot: Slot,
    limits: TimeLimits,
    clock: Clock,
    overdue: (member: Member, why: string, stacks: string) => void,
  ) {
    this.process = process;
    this.slot = slot;
    this.#limits = limits;
    this.#clock = clock;
    this.#overdue = overdue;
    this.#startedAtMs = clock.now();
    this.expectReady();
  }

  get state(): MemberState {
    return this.#state;
  }

  /** It did not stop when it was told to. */
  get wasKilled(): boolean {
    return this.#wasKilled;
  }

  /** It finishes its requests, however long they take. */
  get isUnhurried(): boolean {
    return this.stopReason === SCALE_DOWN && this.#state === 'draining';
  }

  get ageMs(): number {
    return this.#clock.now() - this.#startedAtMs;
  }

  /** Until it has come to the age at which a reload relies on it. */
  get settlesInMs(): number {
    return this.#limits.settleMs - this.ageMs;
  }

  get loadingMs(): number {
    return (this.#readyAtMs ?? this.#clock.now()) - this.#startedAtMs;
  }

  /** Null when it never was. */
  get readyForMs(): number | null {
    return this.#readyAtMs === null ? null : this.#clock.now() - this.#readyAtMs;
  }

  becomeReady(state: 'standby' | 'active'): void {
    this.#readyAtMs ??= this.#clock.now();
    this.#enter(state);
  }

  /** It has the startup timeout, from now on, to load the application and tell a gateway. */
  expectReady(): void {
    this.#enterWithLimit(`was not ready within ${this.#limits.startupTimeoutMs / 1000} s`);
  }

  /** A new gateway waits for it to dial. */
  expectBack(): void {
    this.#enterWithLimit(
      `did not come back to the new gateway within ${this.#limits.startupTimeoutMs / 1000} s`,
    );
  }

  /** It gives its place up, and finishes its requests if it serves. `reason` completes "worker 3 (pid 77) …". */
  leave(reason: string, stopReason: StopReason): void {
    this.slot = null;
    this.reason = reason;
    this.stopReason = stopReason;
    if (this.#state !== 'active') return this.terminate();
    const { gracefulTimeoutMs, evictionTimeoutMs } = this.#limits;
    const limitMs = this.isEvicted ? evictionTimeoutMs || gracefulTimeoutMs : gracefulTimeoutMs;
    // Nothing waits for the end of one that is not needed.
    this.#enter('draining', stopReason === SCALE_DOWN ? null : limitMs, () => this.terminate());
  }

  /** Its successor has taken its place. */
  giveWay(): void {
    if (this.recycling !== null) this.leave(`was recycled: ${this.recycling.why}`, this.recycling.stopReason);
  }

  terminate(): void {
    if (this.#state === 'stopping') return;
    this.process.terminate(this.stopReason);
    this.stopSoon();
  }

  /** It stops by itself, and is made to when it does not. */
  stopSoon(): void {
    this.#enter('stopping', this.#limits.shutdownTimeoutMs, () => {
      this.#wasKilled = true;
      this.process.kill();
    });
  }

  /** The process is gone. */
  end(): void {
    this.#enter(this.#state);
  }

  #enterWithLimit(why: string): void {
    const { startupTimeoutMs } = this.#limits;
    if (startupTimeoutMs > 0) this.#enter(this.#state, startupTimeoutMs, () => this.#reportOverdue(why));
  }

  #reportOverdue(why: string): void {
    const deadline = this.#cancelDeadline;
    this.process.takeStacks(({ python }) => {
      // It may have become ready after all, or ended.
      if (this.#cancelDeadline === deadline) this.#overdue(this, why, python);
    });
  }

  #enter(state: MemberState, limitMs: number | null = null, expired: () => void = () => {}): void {
    this.#cancelDeadline();
    this.#state = state;
    this.#cancelDeadline = limitMs === null ? () => {} : this.#clock.after(limitMs, expired);
  }
}

/** Until a reload relies on all of them. */
export function untilSettledMs(members: Iterable<Member>): number {
  return Math.max(0, ...Array.from(members, ({ settlesInMs }) => settlesInMs));
}
