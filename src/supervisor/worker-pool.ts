/**
 * The workers of one application: how many there are, which of them get requests, and what happens when one dies, does
 * not start, or is to be replaced by a reload.
 *
 * A state machine without processes: events come in as method calls, effects go out through PoolEffects, and time and
 * randomness are arguments. A generation is a set of slots, one for each wanted worker. The current generation keeps
 * its slots filled, with back-off. A worker that has served enough (recycling.ts) gets a successor in its slot, which
 * takes its place when it is ready; one at a time. A reload builds the next generation beside it: when all its workers are ready it
 * takes over in one step; when one of them fails it is given up and the current one goes on.
 */
import type { ToGateway, WorkerUsage } from '../control/messages.ts';
import type { Log } from '../telemetry/log.ts';
import { backOffMs, failuresAfter } from './back-off.ts';
import type { Cancel, Clock } from './clock.ts';
import { Generation } from './generation.ts';
import { introduce } from './introduction.ts';
import { reportExit, reportReady } from './life-report.ts';
import { LoadReport } from './load-report.ts';
import type { PoolEffects, PoolSettings } from './pool-effects.ts';
import { Member, SHUTDOWN, type Slot, untilSettledMs } from './pool-member.ts';
import { Recycling, type RecyclingCause } from './recycling.ts';
import { type ReloadOutcome, Reloads } from './reloads.ts';

export class WorkerPool {
  readonly #settings: PoolSettings;
  readonly #effects: PoolEffects;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #random: () => number;
  readonly #loadReport: LoadReport;
  readonly #recycling: Recycling;
  /** Every living worker by number. */
  readonly #members = new Map<number, Member>();
  #current = new Generation(0);
  /** The one that a reload is starting. */
  #next: Generation | null = null;
  /** Of a reload whose workers are all ready. */
  #cancelSwitch: Cancel = () => {};
  readonly #reloads = new Reloads();
  /** Why no worker of the current generation could be started. */
  #unavailable: string | null = null;
  #stopped: PromiseWithResolvers<void> | null = null;

  constructor(settings: PoolSettings, effects: PoolEffects, clock: Clock, log: Log, random = Math.random) {
    this.#settings = settings;
    this.#effects = effects;
    this.#clock = clock;
    this.#log = log;
    this.#random = random;
    this.#loadReport = new LoadReport(log);
    const recycled = {
      replaceable: () => this.#replaceable(),
      replace: (member: Member, cause: RecyclingCause) => this.#replace(member, cause),
    };
    this.#recycling = new Recycling(settings.recycling, recycled, clock, log, random);
  }

  /** Every living worker. */
  get members(): Iterable<Member> {
    return this.#members.values();
  }

  /** Why no worker could be started; null while there is one, or it loads for the first time. */
  get unavailable(): string | null {
    return this.#unavailable;
  }

  /** Every worker that there should be gets requests. */
  get isWhole(): boolean {
    return this.#current.areAll('active');
  }

  start(): void {
    this.#current = this.#makeGeneration();
    this.#recycling.start();
  }

  /** When one is under way already, one more follows it. */
  reload(): Promise<ReloadOutcome> {
    const outcome = this.#reloads.want();
    this.#startReload();
    return outcome;
  }

  /** Ends all workers; resolves when the last one is gone. May be called again. */
  stop(reason = SHUTDOWN): Promise<void> {
    if (this.#stopped !== null) return this.#stopped.promise;
    this.#stopped = Promise.withResolvers<void>();
    this.#recycling.stop();
    this.#cancelSwitch();
    this.#reloads.abandon('the server was told to stop');
    for (const generation of [this.#current, this.#next]) generation?.cancelRetries();
    for (const member of this.#members.values()) {
      if (member.slot !== null) member.stopReason = reason;
      member.terminate();
    }
    if (this.#members.size === 0) this.#stopped.resolve();
    return this.#stopped.promise;
  }

  /** Gives workers that are being stopped no more time. */
  kill(): void {
    for (const { process } of this.#members.values()) process.kill();
  }

  /** What a new gateway has to know. */
  introduction(): ToGateway[] {
    return introduce(this.#members.values(), this.#unavailable, (member) =>
      this.#recycling.lostGateway(member),
    );
  }

  // What the gateway reports of a worker, which may be gone by then.

  workerReady(worker: number): void {
    const member = this.#members.get(worker);
    if (member === undefined || member.slot === null) return;
    if (member.state !== 'loading') {
      // It came back to a new gateway.
      if (member.state === 'active') member.becomeReady('active');
    } else if (this.#next?.has(member)) {
      this.#joinNext(member, this.#next);
    } else {
      this.#joinCurrent(worker, member, member.slot);
    }
  }

  workerFailed(worker: number, traceback: string): void {
    const member = this.#members.get(worker);
    if (member?.state !== 'loading') return;
    const summary = this.#loadReport.write(member.process.label, traceback);
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
    if (member !== undefined && member.slot !== null) this.#recycling.stuck(member, { why, stopReason });
  }

  /** As `workerStuck`: it goes on until its replacement is ready. */
  workerEvicted(worker: number): void {
    const member = this.#members.get(worker);
    if (member === undefined || member.isEvicted) return;
    member.isEvicted = true;
    this.workerStuck(worker, 'it was told to go by SIGUSR1', 'eviction_signal');
  }

  workersUsed(usage: readonly WorkerUsage[]): void {
    for (const use of usage) {
      const member = this.#members.get(use.worker);
      if (member !== undefined) this.#recycling.used(member, use);
    }
    this.#recycling.check();
  }

  /** The process has ended. `cause` in words, see exit-cause.ts. */
  workerExited(worker: number, cause: string): void {
    const member = this.#members.get(worker);
    if (member === undefined) return;
    member.end();
    this.#members.delete(worker);
    this.#effects.tell({ type: 'worker-exited', worker, cause });
    reportExit(this.#log, member, cause, this.#settings.shutdownTimeoutMs);
    this.#effects.ended(member, cause);
    this.#vacate(member, cause);
    if (this.#members.size === 0) this.#stopped?.resolve();
    this.#recycling.check();
  }

  #makeGeneration(): Generation {
    const generation = new Generation(this.#settings.processes);
    for (const slot of generation.vacant) this.#fill(slot);
    return generation;
  }

  #fill(slot: Slot): void {
    slot.cancelRetry = null;
    slot.member = this.#startWorker(slot);
  }

  #startWorker(slot: Slot): Member {
    const worker = this.#effects.nextNumber();
    const process = this.#effects.spawn(worker);
    const member = new Member(process, slot, this.#settings, this.#clock, (overdue, why, stacks) =>
      this.#dismiss(overdue, why, stacks),
    );
    this.#members.set(worker, member);
    return member;
  }

  #joinCurrent(worker: number, member: Member, slot: Slot): void {
    const replaced = slot.successor === member ? slot.member : null;
    if (replaced !== null) {
      slot.predecessor = replaced.process.label;
      slot.member = member;
      slot.successor = null;
    }
    member.becomeReady('active');
    reportReady(this.#log, member);
    const drain = replaced === null ? [] : [replaced.process.identity.worker];
    this.#effects.tell({ type: 'switch', activate: [worker], drain });
    replaced?.leave('was recycled', replaced.recycledFor);
    this.#recycling.began(member);
    this.#becomeAvailable();
    // Those that waited to see whether this one could be started.
    for (const vacant of this.#current.vacant) this.#fill(vacant);
  }

  #joinNext(member: Member, next: Generation): void {
    member.becomeReady('standby');
    reportReady(this.#log, member);
    if (!next.areAll('standby')) return;
    const waitMs = untilSettledMs([...this.#members.values()].filter((one) => next.has(one)));
    if (waitMs === 0) this.#switch(next);
    // Whatever becomes of one of them until then ends the reload.
    else this.#cancelSwitch = this.#clock.after(waitMs, () => this.#switch(next));
  }

  #switch(next: Generation): void {
    const activate = this.#numbers((member) => next.has(member));
    const drain = this.#numbers((member) => this.#current.has(member) && member.state === 'active');
    this.#effects.tell({ type: 'switch', activate, drain });
    this.#current.dissolve('was replaced by a reload');
    for (const worker of activate) {
      const member = this.#members.get(worker)!;
      member.becomeReady('active');
      this.#recycling.began(member);
    }
    this.#current = next;
    this.#next = null;
    const detail = `requests go to ${next.size} new workers, ${drain.length} old ones finish theirs`;
    this.#log.info('reload-finished', detail);
    this.#becomeAvailable();
    this.#reloads.end({ ok: true, detail });
    this.#startReload();
  }

  #startReload(): void {
    if (!this.#reloads.isWanted || this.#next !== null || this.#stopped !== null) return;
    this.#reloads.begin();
    this.#log.info('reload-started', `starting ${this.#settings.processes} new workers`);
    this.#current.cancelSuccessors();
    this.#next = this.#makeGeneration();
  }

  /** If one is under way. The workers from before it go on. */
  giveUpReload(why: string, traceback: string | null = null): void {
    const next = this.#next;
    if (next === null) return;
    this.#next = null;
    this.#cancelSwitch();
    next.dissolve('belonged to a reload that failed');
    this.#log.error('reload-failed', `${why}. The workers from before the reload go on`);
    this.#reloads.end({ ok: false, why, traceback });
    this.#startReload();
  }

  /** None unless each place has its worker and no other worker runs: one is away at a time, whatever the reason. */
  #replaceable(): readonly Member[] {
    if (!this.isWhole || this.#members.size > this.#current.size || this.#stopped !== null) return [];
    return [...this.#members.values()];
  }

  /** Starts the successor of a worker that is well. */
  #replace(member: Member, { why, stopReason }: RecyclingCause): void {
    const { slot } = member;
    if (slot === null) return;
    member.recycledFor = stopReason;
    this.#log.info('worker-recycled', `${member.process.label} is replaced: ${why}`);
    slot.successor = this.#startWorker(slot);
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
    const next = this.#next?.has(member) ? this.#next : null;
    member.slot = null;
    if (slot.successor === member) {
      slot.successor = null;
      this.#recycling.failed(member, why, slot.member!);
      return;
    }
    slot.member = slot.successor;
    slot.successor = null;
    slot.predecessor = member.process.label;
    if (next !== null) return this.giveUpReload(`${member.process.label} ${why}`, traceback);
    slot.failures = failuresAfter(slot.failures, member.readyForMs);
    if (slot.member !== null) return;
    if (member.readyForMs === null) {
      this.#effects.loadFailed(`${member.process.label} ${why}`, traceback);
      this.#becomeUnavailable(why);
      // What keeps one from starting keeps all: one tries for them, and the machine is not busy with hopeless starts.
      if (this.#current.isTrying) return;
    }
    const waitMs = backOffMs(slot.failures, this.#random());
    if (waitMs === 0) this.#fill(slot);
    else slot.cancelRetry = this.#clock.after(waitMs, () => this.#fill(slot));
  }

  #becomeUnavailable(why: string): void {
    if (this.#current.isAny('active')) return;
    this.#unavailable = why;
    this.#effects.tell({ type: 'application-unavailable', why });
    this.#effects.settled();
  }

  #becomeAvailable(): void {
    this.#unavailable = null;
    this.#loadReport.forget();
    this.#effects.settled();
  }

  #numbers(which: (member: Member) => boolean): number[] {
    return [...this.#members].filter(([, member]) => which(member)).map(([worker]) => worker);
  }
}
