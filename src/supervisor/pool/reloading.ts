/**
 * A reload of a pool: the generation that is to follow, from the start of its workers to the moment at which they take
 * over in one step. When one of them fails before that, all are given up, and the present ones go on.
 */
import type { Log } from '../../telemetry/log.ts';
import type { Cancel, Clock } from '../clock.ts';
import type { Generation } from './generation.ts';
import { countWorkers, reportReady } from './life-report.ts';
import { numbersOf } from './members.ts';
import type { PoolEffects } from './pool-effects.ts';
import { type Member, untilSettledMs } from './pool-member.ts';
import { type ReloadOutcome, Reloads, STOPPING } from './reloads.ts';

export interface ReloadedPool {
  current(): Generation;
  isStopped(): boolean;
  /** Starts workers that nobody relies on yet. */
  make(size: number): Generation;
  /** From now on it is the current one; `ready` are its workers. */
  takeOver(next: Generation, ready: readonly Member[]): void;
  givenUp(): void;
}

/** Calls `go` when the workers that are ready may take over. */
export type Hold = (go: () => void) => void;

export class Reloading {
  readonly #pool: ReloadedPool;
  readonly #effects: Pick<PoolEffects, 'tell'>;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #reloads = new Reloads();
  #next: Generation | null = null;
  #hold: Hold = (go) => go();
  /** Of a reload whose workers are all ready. */
  #cancelSwitch: Cancel = () => {};

  constructor(pool: ReloadedPool, effects: Pick<PoolEffects, 'tell'>, clock: Clock, log: Log) {
    this.#pool = pool;
    this.#effects = effects;
    this.#clock = clock;
    this.#log = log;
  }

  /** The generation that is being started. */
  get next(): Generation | null {
    return this.#next;
  }

  /** When one is under way already, one more follows it. */
  want(hold: Hold): Promise<ReloadOutcome> {
    this.#hold = hold;
    const outcome = this.#reloads.want();
    this.#start();
    return outcome;
  }

  /** One of its workers has loaded the application. */
  joined(member: Member, next: Generation): void {
    member.becomeReady('standby');
    reportReady(this.#log, member);
    if (!next.areAll('standby')) return;
    const go = () => {
      if (this.#next === next) this.#switch(next);
    };
    const waitMs = untilSettledMs(next.membersIn('standby'));
    if (waitMs === 0) this.#hold(go);
    // Whatever becomes of one of them until then ends the reload.
    else this.#cancelSwitch = this.#clock.after(waitMs, () => this.#hold(go));
  }

  /** If one is under way. The workers from before it go on. */
  giveUp(why: string, traceback: string | null): void {
    const next = this.#next;
    if (next === null) return;
    this.#next = null;
    this.#cancelSwitch();
    next.dissolve('belonged to a reload that failed');
    this.#log.error('reload-failed', `${why}. The workers from before the reload go on`);
    this.#reloads.end({ ok: false, why, traceback });
    this.#pool.givenUp();
    this.#start();
  }

  /** None will follow. */
  stop(): void {
    this.#cancelSwitch();
    this.#reloads.abandon(STOPPING.why);
    this.#next?.cancelRetries();
  }

  #start(): void {
    if (!this.#reloads.isWanted || this.#next !== null || this.#pool.isStopped()) return;
    this.#reloads.begin();
    const current = this.#pool.current();
    // At least one, which shows whether the new code can be loaded.
    const size = Math.max(1, current.size);
    this.#log.info('reload-started', `starting ${countWorkers(size, 'new')}`);
    current.cancelSuccessors();
    this.#next = this.#pool.make(size);
  }

  #switch(next: Generation): void {
    const current = this.#pool.current();
    const ready = next.membersIn('standby');
    const drain = numbersOf(current.membersIn('active'));
    this.#effects.tell({ type: 'switch', activate: numbersOf(ready), drain });
    current.dissolve('was replaced by a reload');
    for (const member of ready) member.becomeReady('active');
    this.#next = null;
    const detail = `requests go to ${countWorkers(next.size, 'new')}, ${drain.length} old finish theirs`;
    this.#log.info('reload-finished', detail);
    this.#pool.takeOver(next, ready);
    this.#reloads.end({ ok: true, detail });
    this.#start();
  }
}
