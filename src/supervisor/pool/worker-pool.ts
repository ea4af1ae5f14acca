/**
 * The workers of one application: how many there are, which of them get requests, and what happens when one dies, does
 * not start, or is to be replaced by a reload.
 *
 * A state machine without processes: events come in as method calls, effects go out through PoolEffects, and time and
 * randomness are arguments. A generation is a set of slots, one for each wanted worker. The current one keeps its slots
 * filled, with back-off, and gets more or fewer of them (scaling.ts). A worker that has served enough (recycling.ts) gets
 * a successor in its slot, which takes its place when it is ready; one at a time. A reload (reloading.ts) builds the
 * next generation.
 */
import type { ProcessRange } from '../../config/configuration.ts';
import type { Demand, ToApplication, WorkerUsage } from '../../control/messages.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Clock } from '../clock.ts';
import { backOffMs, failuresAfter } from '../processes/back-off.ts';
import { Availability } from './availability.ts';
import { Generation } from './generation.ts';
import { introduce } from './introduction.ts';
import { reportExit, reportReady } from './life-report.ts';
import { Members } from './members.ts';
import type { PoolEffects, PoolSettings } from './pool-effects.ts';
import { EVICTION, type Member, SHUTDOWN, type Slot } from './pool-member.ts';
import { type RecycledPool, Recycling, type RecyclingCause } from './recycling.ts';
import { type Hold, type ReloadedPool, Reloading } from './reloading.ts';
import { type ReloadOutcome, STOPPING } from './reloads.ts';
import { type ScaledPool, Scaling } from './scaling.ts';

export class WorkerPool {
  readonly #settings: PoolSettings;
  readonly #effects: PoolEffects;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #random: () => number;
  readonly #recycling: Recycling;
  readonly #members: Members;
  #current = new Generation(0);
  readonly #reloading: Reloading;
  readonly #availability: Availability;
  readonly #scaling: Scaling;
  #stopped: PromiseWithResolvers<void> | null = null;

  constructor(settings: PoolSettings, effects: PoolEffects, clock: Clock, log: Log, random = Math.random) {
    this.#settings = settings;
    this.#effects = effects;
    this.#clock = clock;
    this.#log = log;
    this.#random = random;
    this.#members = new Members(settings, effects, clock, (member, why, stacks) =>
      this.#dismiss(member, why, stacks),
    );
    this.#availability = new Availability(effects, log);
    const recycled: RecycledPool = {
      replaceable: () => this.#replaceable(),
      replace: (member, cause) => this.#replace(member, cause),
    };
    this.#recycling = new Recycling(settings.recycling, recycled, clock, log, random);
    const scaled: ScaledPool = {
      current: () => this.#current,
      isChanging: () => this.#reloading.next !== null || this.#stopped !== null,
      fill: (slot) => this.#fill(slot),
    };
    this.#scaling = new Scaling(settings, scaled, this.#availability, effects, clock, log);
    const reloaded: ReloadedPool = {
      current: () => this.#current,
      isStopped: () => this.#stopped !== null,
      make: (size) => this.#makeGeneration(size),
      takeOver: (next, ready) => this.#takeOver(next, ready),
      givenUp: () => this.#scaling.progress(),
    };
    this.#reloading = new Reloading(reloaded, effects, clock, log);
  }

  get members(): Iterable<Member> {
    return this.#members;
  }

  /** Why no worker could be started; null while there is one, or it loads for the first time. */
  get unavailable(): string | null {
    return this.#availability.why;
  }

  /** Every worker that there should be gets requests. */
  get isWhole(): boolean {
    return this.#current.areAll('active');
  }

  /** How many workers there should be now, and what that number is kept in. */
  get scale(): ProcessRange & { readonly size: number } {
    return { ...this.#scaling.range, size: this.#current.size };
  }

  /** With `size` workers, or as many as the settings allow. */
  start(size = 0): void {
    this.#current = this.#makeGeneration(this.#scaling.nearest(size));
    this.#recycling.start();
    this.#scaling.autoscaling.start();
    // It need not be loaded to be served.
    if (this.#current.size === 0) this.#effects.settled();
  }

  /** Resolves when as many workers serve, or when one of them could not be started. */
  scaleTo(range: ProcessRange, why: string): Promise<ReloadOutcome> {
    return this.#stopped === null ? this.#scaling.to(range, why) : Promise.resolve(STOPPING);
  }

  /** When one is under way already, one more follows it. `hold`: the new workers wait for what else has to be ready. */
  reload(hold: Hold = (go) => go()): Promise<ReloadOutcome> {
    return this.#reloading.want(hold);
  }

  /** If one is under way. The workers from before it go on. */
  giveUpReload(why: string, traceback: string | null = null): void {
    this.#reloading.giveUp(why, traceback);
  }

  /** Ends all workers; resolves when the last one is gone. May be called again. */
  stop(reason = SHUTDOWN): Promise<void> {
    if (this.#stopped !== null) return this.#stopped.promise;
    this.#stopped = Promise.withResolvers<void>();
    this.#recycling.stop();
    this.#scaling.stop();
    this.#reloading.stop();
    this.#current.cancelRetries();
    for (const member of this.#members) {
      if (member.slot !== null) member.stopReason = reason;
      member.terminate();
    }
    if (this.#members.size === 0) this.#stopped.resolve();
    return this.#stopped.promise;
  }

  /** Gives workers that are being stopped no more time. */
  kill(): void {
    for (const { process } of this.#members) process.kill();
  }

  introduction(): ToApplication[] {
    const introduced = introduce(this.#members, this.#availability.why, this.#recycling);
    return [...introduced, ...this.#scaling.introduction()];
  }

  // What the gateway reports of a worker, which may be gone by then.

  workerReady(worker: number): void {
    const member = this.#members.get(worker);
    if (member === undefined || member.slot === null) return;
    if (member.state !== 'loading') {
      // It came back to a new gateway.
      if (member.state === 'active') member.becomeReady('active');
    } else if (this.#reloading.next?.has(member)) {
      this.#reloading.joined(member, this.#reloading.next);
    } else {
      this.#joinCurrent(worker, member, member.slot);
    }
  }

  workerFailed(worker: number, traceback: string): void {
    const member = this.#members.get(worker);
    if (member?.state !== 'loading') return;
    const summary = this.#availability.reportFailure(member.process.label, traceback);
    member.stopSoon();
    this.#vacate(member, `could not load the application: ${summary}`, traceback);
  }

  workerDrained(worker: number): void {
    const member = this.#members.get(worker);
    if (member?.state === 'draining') member.terminate();
  }

  /** Somebody else told it to stop. It finishes its requests while another one starts in its place. */
  workerStopping(worker: number): void {
    const member = this.#members.get(worker);
    if (member === undefined || member.state === 'stopping') return;
    this.#log.info('worker-stopping', `${member.process.label} was told to stop by another process`);
    member.stopSoon();
    this.#vacate(member, 'was told to stop by another process');
  }

  workerBroken(worker: number, why: string): void {
    const member = this.#members.get(worker);
    if (member !== undefined) this.#dismiss(member, why);
  }

  /** It goes on with its other requests until its replacement is ready. */
  workerStuck(worker: number, why: string, stopReason = 'request_timeout'): void {
    const member = this.#members.get(worker);
    if (member === undefined || member.slot === null) return;
    member.isEvicted ||= stopReason === EVICTION;
    this.#recycling.stuck(member, { why, stopReason });
  }

  workersUsed(usage: readonly WorkerUsage[]): void {
    for (const use of usage) {
      const member = this.#members.get(use.worker);
      if (member !== undefined) this.#recycling.used(member, use);
    }
    this.#recycling.check();
  }

  /** How much there is to do. */
  demanded(demand: Demand): void {
    this.#scaling.autoscaling.demanded(demand);
  }

  /** The process has ended. `cause` in words, see exit-cause.ts. */
  workerExited(worker: number, cause: string): void {
    const member = this.#members.end(worker);
    if (member === undefined) return;
    this.#effects.tell({ type: 'worker-exited', worker, cause });
    reportExit(this.#log, member, cause, this.#settings.shutdownTimeoutMs);
    this.#effects.ended(member, cause);
    this.#vacate(member, cause);
    if (this.#members.size === 0) this.#stopped?.resolve();
    this.#recycling.check();
  }

  #makeGeneration(size: number): Generation {
    const generation = new Generation(this.#effects.nextGeneration());
    generation.grow(size);
    for (const slot of generation.vacant) this.#fill(slot);
    return generation;
  }

  #fill(slot: Slot): void {
    slot.cancelRetry = null;
    slot.member = this.#members.start(slot);
  }

  #joinCurrent(worker: number, member: Member, slot: Slot): void {
    const replaced = slot.successor === member ? slot.member : null;
    if (replaced !== null) {
      slot.predecessor = replaced.process.label;
      slot.member = member;
      slot.successor = null;
    }
    member.becomeReady('active');
    const drain = replaced === null ? [] : [replaced.process.identity.worker];
    this.#effects.tell({ type: 'switch', activate: [worker], drain });
    // Not before: whoever reads it may rely on it.
    reportReady(this.#log, member);
    replaced?.giveWay();
    this.#recycling.began(member);
    this.#regain();
    // Those that waited to see whether this one could be started.
    for (const vacant of this.#current.vacant) this.#fill(vacant);
  }

  /** A reload has succeeded. */
  #takeOver(next: Generation, ready: readonly Member[]): void {
    const { size } = this.#current;
    this.#current = next;
    for (const member of ready) this.#recycling.began(member);
    if (size > 0) this.#scaling.resize(size, 'it has changed during the reload');
    this.#regain();
  }

  /** None unless each place has its worker and no other worker runs: one is away at a time, whatever the reason. */
  #replaceable(): readonly Member[] {
    const members = [...this.#members].filter(({ isUnhurried }) => !isUnhurried);
    return this.isWhole && members.length === this.#current.size && this.#stopped === null ? members : [];
  }

  #replace(member: Member, cause: RecyclingCause): void {
    const { slot } = member;
    if (slot === null) return;
    member.recycling = cause;
    this.#log.info('worker-recycled', `${member.process.label} is replaced: ${cause.why}`);
    slot.successor = this.#members.start(slot);
  }

  /** Stops a worker that is of no use. */
  #dismiss(member: Member, why: string, stacks = ''): void {
    if (member.state === 'stopping') return;
    this.#log.error('worker-failed', `${member.process.label} ${why}${stacks && `:${stacks}`}`);
    member.terminate();
    this.#vacate(member, why, stacks || null);
  }

  /** The place of a worker that was lost is filled again. */
  #vacate(member: Member, why: string, traceback: string | null = null): void {
    const { slot } = member;
    member.failure ??= why;
    if (slot === null || this.#stopped !== null) return;
    const isNext = this.#reloading.next?.has(member) === true;
    member.slot = null;
    if (slot.successor === member) {
      slot.successor = null;
      this.#recycling.failed(member, why, slot.member!);
      return this.#scaling.progress();
    }
    slot.member = slot.successor;
    slot.successor = null;
    slot.predecessor = member.process.label;
    if (isNext) return this.giveUpReload(`${member.process.label} ${why}`, traceback);
    slot.failures = failuresAfter(slot.failures, member.readyForMs);
    if (slot.member !== null) return;
    if (member.readyForMs === null) {
      const failure = `${member.process.label} ${why}`;
      this.#effects.loadFailed(failure, traceback);
      this.#scaling.end({ ok: false, why: failure, traceback });
      if (this.#current.membersIn('active').length === 0) this.#availability.lose(why);
      // What keeps one from starting keeps all: one tries for them, and the machine is not busy with hopeless starts.
      if (this.#current.isTrying) return;
    }
    const waitMs = backOffMs(slot.failures, this.#random());
    if (waitMs === 0) this.#fill(slot);
    else slot.cancelRetry = this.#clock.after(waitMs, () => this.#fill(slot));
  }

  #regain(): void {
    this.#availability.regain();
    this.#scaling.progress();
  }
}
