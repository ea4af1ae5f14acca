/**
 * A managed application: its workers, the queue of requests that wait for a thread, and the handler that the
 * request path ends in.
 */
import { randomInt } from 'node:crypto';
import type { SpoolLimits } from '../base/spool.ts';
import { pathPrefix } from '../base/url-path.ts';
import type { ApplicationSettings } from '../config/configuration.ts';
import type { RequestInFlight, WorkerIdentity } from '../control/messages.ts';
import type { FailureReport } from '../development/failure-report.ts';
import type { Exchange } from '../exchange.ts';
import type { Handler } from '../handler.ts';
import { Shapes } from '../protocols/worker/request.ts';
import type { Timings } from '../protocols/worker/timings.ts';
import type { Log } from '../telemetry/log.ts';
import { Assignment, type AssignmentOwner, describe } from './assignment.ts';
import type { Channel } from './channel.ts';
import { Deadlines } from './deadlines.ts';
import { Heartbeats } from './heartbeats.ts';
import { LostRequests } from './lost-requests.ts';
import { addStacks, listRequests } from './requests-in-flight.ts';
import { Scheduler } from './scheduler.ts';
import { makeScoreboard } from './scoreboard.ts';
import { ServiceTime } from './service-time.ts';
import { SlowPaths } from './slow-paths.ts';
import { Worker, type WorkerOwner } from './worker.ts';
import type { WorkerEvents } from './worker-events.ts';

/** The first request of a channel may run so long before those behind it are given to other threads. */
const PATIENCE_MS = 2;
const WATCH_MS = 1;

export class Application implements WorkerOwner, AssignmentOwner {
  readonly #settings: ApplicationSettings;
  readonly #events: WorkerEvents;
  readonly #log: Log;
  readonly responseSpool: SpoolLimits;
  readonly showsTracebacks: boolean;
  /** SCRIPT_NAME: '' for an application at the root. */
  readonly mountPoint: string;
  readonly shapes = new Shapes();
  /** Far below the half of all ids, for which 0, "none", would be a later one. */
  firstId = randomInt(1, 2 ** 28);
  readonly workers = new Map<number, Worker>();
  readonly #deadlines: Deadlines;
  readonly #heartbeats: Heartbeats;
  readonly #serviceTime = new ServiceTime();
  readonly #slowPaths = new SlowPaths();
  readonly #scheduler = new Scheduler<Channel>(this.#serviceTime);
  /** Requests answered 503, by why. */
  readonly refused = { 'queue-full': 0, 'queue-timeout': 0, unavailable: 0 };
  /** What the threads have spent on requests. */
  readonly spent = { cpuUs: 0, wallUs: 0 };
  #queue: Assignment[] = [];
  #toFlush: Channel[] = [];
  #watch: NodeJS.Timeout | null = null;
  #unavailable: string | null = null;
  readonly #lost: LostRequests;

  constructor(settings: ApplicationSettings, responseSpool: SpoolLimits, events: WorkerEvents, log: Log) {
    this.#settings = settings;
    this.responseSpool = responseSpool;
    this.showsTracebacks = settings.development.tracebackPages;
    this.mountPoint = pathPrefix(settings.mountPoint);
    this.#events = events;
    this.#log = log;
    this.#lost = new LostRequests(log);
    this.#deadlines = new Deadlines(settings, this.workers, events, log);
    this.#heartbeats = new Heartbeats(settings.deadlockTimeoutMs, events, log);
  }

  /** Requests that wait for a thread, first come first. */
  get queue(): readonly Assignment[] {
    return this.#queue;
  }

  /** Why no worker can be had; null while there are some or they are starting. */
  get whyUnavailable(): string | null {
    return this.#unavailable;
  }

  /** What is under way, oldest first. */
  requestsInFlight(): RequestInFlight[] {
    return listRequests(this.#settings.name, this.#queue, this.workers.values());
  }

  /** The same, with the Python stack of each that runs and whose worker says it within a second. */
  requestsWithStacks(): Promise<RequestInFlight[]> {
    return addStacks(() => this.requestsInFlight(), this.workers.values());
  }

  readonly handle: Handler = (exchange: Exchange) => {
    const assignment = new Assignment(this, exchange);
    if (this.#queue.length === 0) {
      const channel = this.#pick(assignment);
      if (channel !== null) return this.#give(assignment, channel);
    }
    this.#enqueue(assignment);
  };

  // What the supervisor says

  expect(identity: WorkerIdentity): void {
    this.workers.set(identity.worker, new Worker(identity, this));
  }

  switch(activate: readonly number[], drain: readonly number[]): void {
    for (const number of activate) this.workers.get(number)?.activate();
    this.#unavailable = null;
    for (const number of drain) this.workers.get(number)?.drain();
    this.#dispatch();
  }

  exited(number: number, cause: string): void {
    const worker = this.workers.get(number);
    if (worker === undefined) return;
    this.workers.delete(number);
    worker.exited(cause);
    this.channelsChanged();
    this.#lost.explain(worker, cause);
  }

  unavailable(why: string): void {
    this.#unavailable = why;
    for (const assignment of this.#queue.splice(0)) this.#refuseUnavailable(assignment);
  }

  #refuseUnavailable(assignment: Assignment): void {
    this.refused.unavailable++;
    assignment.refuse(this.#settings.isDropIn ? 500 : 503, UNAVAILABLE);
  }

  /** The gateway ends: what would have been logged with more, had it gone on, is logged now. */
  close(): void {
    this.#deadlines.close();
    this.#lost.close();
  }

  // Queue

  #enqueue(assignment: Assignment): void {
    if (this.#unavailable !== null) return this.#refuseUnavailable(assignment);
    if (this.#queue.length >= this.#settings.queueSize) {
      this.refused['queue-full']++;
      return assignment.refuse(503, 'Too many requests are waiting.');
    }
    assignment.queuedAt = performance.now();
    this.#queue.push(assignment);
    if (this.workers.size === 0 && this.#queue.length === 1) this.#events.deserted();
  }

  /** Once a second. */
  check(now: number): void {
    this.#deadlines.check(now);
    this.#heartbeats.check(this.workers.values(), now);
    this.#refuseOverdue(now);
  }

  /** Requests that have waited too long. They are in the order of their arrival. */
  #refuseOverdue(now: number): void {
    const latest = now - this.#settings.queueTimeoutMs;
    while (this.#settings.queueTimeoutMs > 0 && this.#queue.length > 0 && this.#queue[0]!.queuedAt < latest) {
      const assignment = this.#queue.shift()!;
      this.report(assignment, 'queue-timeout', 'waited longer than queue-timeout for a thread');
      this.refused['queue-timeout']++;
      assignment.refuse(503, 'This request has waited too long.');
    }
  }

  #dispatch(): void {
    while (this.#queue.length > 0) {
      const channel = this.#pick(this.#queue[0]!);
      if (channel === null) return;
      this.#give(this.#queue.shift()!, channel);
    }
  }

  #pick(assignment: Assignment): Channel | null {
    if (assignment.uploads) return this.#scheduler.pickIdle();
    if (!this.#slowPaths.has(assignment.path)) return this.#scheduler.pick();
    const idle = this.#scheduler.pickIdle();
    if (idle === null) return this.#scheduler.pick();
    idle.reservedFor = assignment;
    assignment.givenAt = performance.now();
    return idle;
  }

  #give(assignment: Assignment, channel: Channel): void {
    assignment.exchange.workerPid = (channel.worker as Worker).pid;
    assignment.sendTo(channel);
    // The watch looks after requests that others wait behind, and after answers held back for a batch.
    this.#watch ??= setTimeout(this.#onWatchTimer, WATCH_MS);
  }

  // Flushing: one write a turn and channel

  needsFlush(channel: Channel): void {
    if (this.#toFlush.length === 0) setImmediate(this.#flush);
    this.#toFlush.push(channel);
  }

  readonly #flush = (): void => {
    const channels = this.#toFlush;
    this.#toFlush = [];
    for (const channel of channels) channel.flush();
  };

  // Recall

  /** Timers fire before sockets are read: answers that have come while we were busy must be seen first. */
  readonly #onWatchTimer = (): void => {
    setImmediate(this.#onWatch);
  };

  readonly #onWatch = (): void => {
    this.#watch = null;
    const now = performance.now();
    const msEach = this.#serviceTime.us / 1000;
    let busy = false;
    for (const worker of this.workers.values()) {
      for (const channel of worker.channels) {
        if (channel.load === 0) continue;
        if (channel.stuck) continue;
        // A batch is answered with one write: its first request seems to run as long as all of it.
        const patienceMs = PATIENCE_MS + channel.load * msEach;
        if (now - channel.headSince > patienceMs) this.#recall(worker, channel);
        else busy = true;
      }
    }
    if (busy) this.#watch = setTimeout(this.#onWatchTimer, WATCH_MS);
  };

  #recall(worker: Worker, channel: Channel): void {
    this.#slowPaths.add(channel.first!.path, performance.now());
    worker.recall(channel);
  }

  // What workers say

  answered(channel: Channel): void {
    // The request that is first in the channel now may be a slow one.
    if (channel.load > 0) this.#watch ??= setTimeout(this.#onWatchTimer, WATCH_MS);
    if (channel.reservedFor !== null) this.#unreserve(channel, channel.reservedFor);
    if (this.#queue.length > 0) this.#dispatch();
  }

  #unreserve(channel: Channel, assignment: Assignment): void {
    if (channel.first === assignment) return;
    channel.reservedFor = null;
    if (performance.now() - assignment.givenAt < PATIENCE_MS) this.#slowPaths.delete(assignment.path);
  }

  measured({ count, cpuUs, wallUs }: Timings, threads: number): void {
    this.spent.cpuUs += cpuUs;
    this.spent.wallUs += wallUs;
    this.#serviceTime.observe(count, cpuUs, wallUs, threads);
  }

  returned(assignments: readonly Assignment[]): void {
    const waiting = assignments.filter((assignment) => !assignment.gone);
    const now = performance.now();
    for (const assignment of waiting) {
      assignment.channel = null;
      assignment.queuedAt ||= now;
    }
    // They came before all that wait.
    this.#queue.unshift(...waiting);
    // Also when there is none: their channel has room for others now.
    this.#dispatch();
    if (this.#unavailable !== null) this.unavailable(this.#unavailable);
  }

  lost(worker: Worker, assignments: readonly Assignment[]): void {
    for (const assignment of assignments) {
      if (!assignment.gone) this.#lost.add(worker, assignment);
      assignment.lost();
    }
    if (worker.exitCause !== null) this.#lost.explain(worker, worker.exitCause);
  }

  channelsChanged(): void {
    const active = [...this.workers.values()].filter(
      ({ state, pulse }) => state === 'active' && pulse === 'well',
    );
    this.#scheduler.setChannels(active.map((worker) => worker.channels));
    this.#dispatch();
  }

  onConnected(worker: Worker): void {
    this.#deadlines.askAgain(worker);
    this.#heartbeats.askAgain(worker);
  }

  onPong(worker: Worker): void {
    this.#heartbeats.answered(worker);
  }

  onReady(worker: Worker): void {
    this.#events.ready(worker);
  }

  onFailed(worker: Worker, traceback: string, report: FailureReport | null): void {
    this.#events.failed(worker, traceback, report);
  }

  onStopping(worker: Worker): void {
    this.#events.stopping(worker);
  }

  onEvicted(worker: Worker): void {
    this.#events.evicted(worker);
  }

  onDrained(worker: Worker): void {
    this.#events.drained(worker);
  }

  onScoreboardWanted(worker: Worker): void {
    worker.sendScoreboard(makeScoreboard(this.#settings, this.workers.values()));
  }

  onBroken(worker: Worker, why: string): void {
    this.#events.broken(worker, why);
  }

  onSlow(): void {
    this.#deadlines.watch();
  }

  onInterrupted(worker: Worker, channel: number, exchange: number, stack: string | null): void {
    this.#deadlines.located(worker, channel, exchange, stack);
  }

  // What assignments say

  abandoned(assignment: Assignment): void {
    if (assignment.channel !== null) (assignment.channel.worker as Worker).abort(assignment);
    const at = this.#queue.indexOf(assignment);
    if (at >= 0) this.#queue.splice(at, 1);
  }

  report(assignment: Assignment, code: string, what: string): void {
    this.#log.error(code, `${describe(assignment)}: ${what}`);
  }
}

const UNAVAILABLE = 'The application is not available. The error log says why.';
