/**
 * A worker process as the gateway sees it: its channels, its control connection, and how far it is in its life.
 *
 *   expected → ready → active → draining → gone
 */
import type { Socket } from 'node:net';
import type { WorkerIdentity, WorkerUsage } from '../control/messages.ts';
import type { FailureReport } from '../development/failure-report.ts';
import type { OpenFile } from '../files/open-file.ts';
import { isAfter } from '../protocols/worker/frames.ts';
import type { LentFile } from '../protocols/worker/lent-file.ts';
import type { Shapes } from '../protocols/worker/request.ts';
import type { Timings } from '../protocols/worker/timings.ts';
import type { Assignment } from './assignment.ts';
import { Channel, type ChannelOwner } from './channel.ts';
import { askToLend, openLent } from './lent-files.ts';
import type { Scoreboard } from './scoreboard.ts';
import { readLedger } from './started-ledger.ts';
import { type ControlOwner, type TakenStack, WorkerControl } from './worker-control.ts';
import { WorkerMetrics } from './worker-metrics.ts';

/** Whether its interpreter answers (heartbeats.ts): when it is silent, it gets no more requests. */
export type Pulse = 'well' | 'silent' | 'deadlocked';
export type WorkerState = 'expected' | 'ready' | 'active' | 'draining' | 'gone';

/** What a worker tells the application that it belongs to. */
export interface WorkerOwner {
  readonly shapes: Shapes;
  /**
   * The id of the first request on each channel. Each gateway chooses another one: what one that was killed has asked
   * for on the control connection may be read after it, and must not be taken for requests of the next.
   */
  readonly firstId: number;
  needsFlush(channel: Channel): void;
  answered(channel: Channel): void;
  /** A thread has answered a batch while `threads` of its process had requests. */
  measured(timings: Timings, threads: number): void;
  /** These were never started, and can be given to another worker. */
  returned(assignments: readonly Assignment[]): void;
  /** These ran when the worker was lost. */
  lost(worker: Worker, assignments: readonly Assignment[]): void;
  /** The set of usable channels has changed. */
  channelsChanged(): void;
  /** It has a control connection, perhaps again. */
  onConnected(worker: Worker): void;
  onReady(worker: Worker): void;
  onPong(worker: Worker): void;
  onFailed(worker: Worker, traceback: string, report: FailureReport | null): void;
  onStopping(worker: Worker): void;
  onEvicted(worker: Worker): void;
  onDrained(worker: Worker): void;
  onScoreboardWanted(worker: Worker): void;
  onBroken(worker: Worker, why: string): void;
  /** The first request of a channel takes long. */
  onSlow(): void;
  /** `stack` of the request `exchange` in a channel, which `interrupt` has asked for; null when it has ended. */
  onInterrupted(worker: Worker, channel: number, exchange: number, stack: string | null): void;
}

/** How long the last answers of a process that has ended may take to be read. */
const EXIT_READ_MS = 1_000;

export class Worker implements ChannelOwner, ControlOwner {
  readonly identity: WorkerIdentity;
  /** What the application counts in it. */
  readonly metrics = new WorkerMetrics();
  readonly #owner: WorkerOwner;
  readonly #channels: (Channel | null)[];
  readonly #control = new WorkerControl(this);
  /** It has said that it stops. */
  #stopping = false;
  /** Where each channel goes on counting when it is dialled again: what is said of old requests never means new ones. */
  readonly #nextIds: number[];
  #drainedTold = false;
  #isBroken = false;
  /** Requests answered since the last report of usage, and whether it had some in hand then. */
  #answeredSince = 0;
  /** Requests answered altogether. */
  answeredTotal = 0;
  #wasBusy = false;
  wantsTimes = false;
  state: WorkerState = 'expected';
  pulse: Pulse = 'well';
  pid = 0;
  /** Requests in flight on all channels. */
  load = 0;
  /** Why the process has ended; null while it runs. */
  exitCause: string | null = null;

  constructor(identity: WorkerIdentity, owner: WorkerOwner) {
    this.identity = identity;
    this.#owner = owner;
    this.#channels = new Array<Channel | null>(identity.threads).fill(null);
    this.#nextIds = new Array<number>(identity.threads).fill(owner.firstId);
  }

  get channels(): readonly Channel[] {
    return this.#channels.filter((channel) => channel !== null);
  }

  /** "worker 3 (pid 77)" */
  get name(): string {
    return `worker ${this.identity.worker} (pid ${this.pid})`;
  }

  /** Gets requests from now on. */
  activate(): void {
    if (this.state === 'gone') return;
    this.state = 'active';
    this.#owner.channelsChanged();
  }

  /** Finishes what it has; `onDrained` follows. */
  drain(): void {
    if (this.state === 'gone') return;
    this.state = 'draining';
    this.#owner.channelsChanged();
    for (const channel of this.channels) this.recall(channel);
    this.#checkDrained();
  }

  setPulse(pulse: Pulse): void {
    if (this.pulse === pulse) return;
    this.pulse = pulse;
    this.#owner.channelsChanged();
    this.#checkDrained();
  }

  /** `onPong` follows when its interpreter runs. */
  ping(): void {
    this.#control.ping();
  }

  reopenLog(path: string): void {
    this.#control.reopenLog(path);
  }

  /** The process has ended: what it has sent is still read, then its connections end by themselves. */
  exited(cause: string): void {
    this.exitCause = cause;
    this.state = 'gone';
    // Unless a process that the application has left behind holds them open.
    setTimeout(() => this.close(), EXIT_READ_MS).unref();
  }

  /** It must not be used any more. */
  close(): void {
    this.state = 'gone';
    this.#control.close();
    for (const channel of this.channels) channel.close();
  }

  /** What has happened since the last call; null when nothing has. */
  takeUsage(): WorkerUsage | null {
    const isBusy = this.load > 0;
    if (this.#answeredSince === 0 && isBusy === this.#wasBusy) return null;
    const usage = { worker: this.identity.worker, answered: this.#answeredSince, isBusy };
    this.#answeredSince = 0;
    this.#wasBusy = isBusy;
    return usage;
  }

  // Connections

  addChannel(index: number, socket: Socket): boolean {
    if (index >= this.#channels.length || this.#channels[index] !== null || this.state === 'gone')
      return false;
    this.#channels[index] = new Channel(this, index, socket, this.#owner.shapes, this.#nextIds[index]!);
    if (this.state === 'active') this.#owner.channelsChanged();
    return true;
  }

  setControl(socket: Socket): boolean {
    return this.state !== 'gone' && this.#control.connect(socket);
  }

  // What channels call

  needsFlush(channel: Channel): void {
    this.#owner.needsFlush(channel);
  }

  answered(channel: Channel, count: number): void {
    this.#answeredSince += count;
    this.answeredTotal += count;
    this.#owner.answered(channel);
    this.#checkDrained();
  }

  measured(timings: Timings): void {
    let threads = 0;
    for (const channel of this.#channels) if (channel !== null && channel.load > 0) threads++;
    this.#owner.measured(timings, Math.max(1, threads));
  }

  returned(assignments: readonly Assignment[]): void {
    this.#owner.returned(assignments);
    this.#checkDrained();
  }

  broken(why: string): void {
    if (this.state === 'gone') return;
    this.#isBroken = true;
    this.close();
    this.#owner.onBroken(this, why);
  }

  lost(channel: Channel): void {
    this.#channels[channel.index] = null;
    this.#nextIds[channel.index] = (channel.lastId + 1) >>> 0;
    this.#owner.channelsChanged();
    const inFlight = channel.takeAll();
    if (inFlight.length === 0) return;
    // One that broke the protocol may still be running what it has: nothing of it is given to another.
    const ledger = this.#isBroken ? null : readLedger(this.identity.ledgerPath, this.identity.threads);
    const started = ledger?.[channel.index];
    // The body of an upload has been read; it cannot be sent a second time.
    const returned = inFlight.filter(
      (one) => started !== undefined && isAfter(one.channelId, started) && !one.uploads,
    );
    this.#owner.lost(
      this,
      inFlight.filter((one) => !returned.includes(one)),
    );
    this.#owner.returned(returned);
    this.#checkDrained();
  }

  // Control messages

  /**
   * Asks for everything behind the first request back, and for what is finished but not sent. The first one is
   * asked for too, unless its body is on the way: the thread may still be busy after its last answer.
   */
  recall(channel: Channel): void {
    const { first } = channel;
    if (first === null) return;
    channel.stuck = true;
    channel.recalledThrough = channel.lastId;
    this.#owner.onSlow();
    const after = first.uploads ? first.channelId : (first.channelId - 1) >>> 0;
    this.#control.recall(channel.index, after, channel.lastId);
  }

  /** The first request of a channel does not end, not even interrupted: its end is not waited for any more. */
  giveUp(channel: Channel): void {
    channel.isGivenUp = true;
    this.#checkDrained();
  }

  /** Nobody waits for its answer. If it has not been started, it is not run, and `onRecalled` follows. */
  abort(assignment: Assignment): void {
    const channel = assignment.channel as Channel;
    const through = channel.recalledThrough;
    if (through === null || isAfter(assignment.channelId, through))
      channel.recalledThrough = assignment.channelId;
    this.#control.abort(channel.index, assignment.channelId);
  }

  /** Asks where the first request of a channel is. `mayRaise`: it is also interrupted. */
  interrupt(channel: Channel, exchange: number, mayRaise: boolean): void {
    this.#control.interrupt(channel.index, exchange, mayRaise);
  }

  /** Where the threads are that run requests; null when its interpreter does not say so in time. */
  takeStacks(): Promise<readonly TakenStack[] | null> {
    return this.#control.takeStacks();
  }

  sendScoreboard(scoreboard: Scoreboard): void {
    this.#control.sendScoreboard(scoreboard);
  }

  /** Opens a file that it lends; the worker needs to keep it no longer. */
  openLent({ fd }: LentFile): Promise<OpenFile> {
    return openLent(this.pid, fd, this.#control);
  }

  // What it says on its control connection

  /** What was asked for on a connection that was lost is asked for again. */
  onConnected(): void {
    for (const channel of this.channels) {
      const { first } = channel;
      if (first?.gone) this.abort(first);
      if (channel.stuck) this.recall(channel);
    }
    askToLend(this.pid, this.#control);
    this.#owner.onConnected(this);
  }

  onReady(wantsTimes: boolean): void {
    this.wantsTimes = wantsTimes;
    // It says so again on a second control connection.
    if (this.state !== 'expected') return;
    this.state = 'ready';
    this.#owner.onReady(this);
  }

  onFailed(traceback: string, report: FailureReport | null): void {
    this.#owner.onFailed(this, traceback, report);
  }

  onStopping(): void {
    this.#stopping = true;
    if (this.state !== 'draining') this.#owner.onStopping(this);
    this.drain();
  }

  onEvicted(): void {
    this.#owner.onEvicted(this);
  }

  onRecalled(index: number, started: number, through: number): void {
    const channel = this.#channels[index];
    if (channel === null || channel === undefined) return;
    const returned = channel.takeUnstarted(started, through);
    if (channel.load === 0) channel.stuck = false;
    if (channel.reservedFor !== channel.first) channel.reservedFor = null;
    this.returned(returned);
  }

  onInterrupted(channel: number, exchange: number, stack: string | null): void {
    this.#owner.onInterrupted(this, channel, exchange, stack);
  }

  onPong(): void {
    this.#owner.onPong(this);
  }

  onMetrics(message: Readonly<Record<string, unknown>>): boolean {
    return this.metrics.accept(message);
  }

  onScoreboardWanted(): void {
    this.#owner.onScoreboardWanted(this);
  }

  #checkDrained(): void {
    // Nobody waits for a request that was given up.
    const isBusy = ({ load, isGivenUp }: Channel) => load > (isGivenUp ? 1 : 0);
    if (this.state !== 'draining') return;
    if (this.load > 0 && this.pulse !== 'deadlocked' && this.channels.some(isBusy)) return;
    // The end of its channels tells a worker that stops that its last answer has arrived.
    if (this.#stopping) for (const channel of this.channels) channel.close();
    if (this.#drainedTold) return;
    this.#drainedTold = true;
    this.#owner.onDrained(this);
  }
}
