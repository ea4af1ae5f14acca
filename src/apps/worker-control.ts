/**
 * The control connection of a worker, gateway's end: what the two tell each other about requests. The twin of
 * python/vivarium/control.py. A worker that loses its connection dials again, and what was asked meanwhile is lost:
 * `onConnected` is the time to ask again.
 */
import type { Socket } from 'node:net';
import { type FailureReport, parseFailureReport } from '../development/failure-report.ts';
import { FrameDecoder } from '../protocols/worker/frame-decoder.ts';
import { controlFrame, Kind } from '../protocols/worker/frames.ts';
import { Paced, type Scoreboard } from './scoreboard.ts';

const FRAME_MAX = 1_048_576;
/** An interpreter that runs says within this time where its threads are. */
const STACKS_WAIT_MS = 1_000;

/** The Python stack of what a channel runs. */
export interface TakenStack {
  readonly channel: number;
  readonly exchange: number;
  readonly stack: string;
}

type Message = Readonly<Record<string, unknown>>;

/** What a worker says. */
export interface ControlOwner {
  onConnected(): void;
  /** `wantsTimes`: it is to be told when the gateway got each request. Also when that has changed. */
  onReady(wantsTimes: boolean): void;
  /** The answer to `ping`. */
  onPong(): void;
  /** With a report where tracebacks may be shown. */
  onFailed(traceback: string, report: FailureReport | null): void;
  /** It was told to stop by somebody else. */
  onStopping(): void;
  /** It was told by somebody else to go when another one is there in its place. */
  onEvicted(): void;
  /** The requests of a channel after `started` up to `through` will not be run. */
  onRecalled(channel: number, started: number, through: number): void;
  /** `stack` is null when the request has ended. */
  onInterrupted(channel: number, exchange: number, stack: string | null): void;
  /** What its application counts; false when it is malformed. */
  onMetrics(message: Message): boolean;
  /** What all processes and threads are doing: `sendScoreboard` says it. */
  onScoreboardWanted(): void;
  broken(why: string): void;
}

export class WorkerControl {
  readonly #owner: ControlOwner;
  readonly #scoreboards = new Paced(() => this.#owner.onScoreboardWanted());
  #socket: Socket | null = null;
  #stacksWanted: PromiseWithResolvers<readonly TakenStack[] | null> | null = null;

  constructor(owner: ControlOwner) {
    this.#owner = owner;
  }

  /** False when there is one already. */
  connect(socket: Socket): boolean {
    if (this.#socket !== null) return false;
    this.#socket = socket;
    const decoder = new FrameDecoder(FRAME_MAX);
    socket.on('data', (chunk: Buffer) => this.#onData(decoder, chunk));
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#socket = null;
    });
    this.#owner.onConnected();
    return true;
  }

  close(): void {
    this.#socket?.destroy();
  }

  recall(channel: number, after: number, through: number): void {
    this.#say(Kind.recall, { channel, after, through });
  }

  abort(channel: number, exchange: number): void {
    this.#say(Kind.abort, { channel, exchange });
  }

  interrupt(channel: number, exchange: number, raise: boolean): void {
    this.#say(Kind.interrupt, { channel, exchange, raise });
  }

  ping(): void {
    this.#say(Kind.ping, {});
  }

  /** The worker may lend files. */
  lend(): void {
    this.#say(Kind.lend, {});
  }

  taken(file: number): void {
    this.#say(Kind.taken, { file });
  }

  reopenLog(path: string): void {
    this.#say(Kind.reopenLog, { path });
  }

  /** Not to a worker that reads nothing, nor more than a control message may be: the threads that ask wait a second. */
  sendScoreboard(scoreboard: Scoreboard): void {
    const frame = controlFrame(Kind.scoreboardTaken, scoreboard);
    const socket = this.#socket;
    if (socket === null || socket.writableLength > FRAME_MAX || frame.length > FRAME_MAX) return;
    socket.write(frame, 'latin1');
  }

  /** Where the threads are that run requests; null when the interpreter does not say so in time. */
  takeStacks(): Promise<readonly TakenStack[] | null> {
    if (this.#stacksWanted !== null) return this.#stacksWanted.promise;
    const wanted = Promise.withResolvers<readonly TakenStack[] | null>();
    this.#stacksWanted = wanted;
    const timer = setTimeout(() => this.#settleStacks(null), STACKS_WAIT_MS);
    void wanted.promise.then(() => clearTimeout(timer));
    this.#say(Kind.stacks, {});
    return wanted.promise;
  }

  #settleStacks(stacks: readonly TakenStack[] | null): void {
    this.#stacksWanted?.resolve(stacks);
    this.#stacksWanted = null;
  }

  #say(kind: number, message: object): void {
    this.#socket?.write(controlFrame(kind, message), 'latin1');
  }

  #onData(decoder: FrameDecoder, chunk: Buffer): void {
    decoder.push(chunk);
    while (decoder.next()) {
      const message = parseObject(decoder.buffer.utf8Slice(decoder.start, decoder.end));
      if (message === null || !this.#handle(decoder.kind, message))
        return this.#owner.broken(`a malformed control message of kind ${decoder.kind}`);
    }
    if (decoder.violation !== null) this.#owner.broken(decoder.violation);
  }

  /** False when the message is not what its kind has to be. */
  #handle(kind: number, message: Message): boolean {
    switch (kind) {
      case Kind.ready:
        this.#owner.onReady(message.times === true);
        return true;
      case Kind.pong:
        this.#owner.onPong();
        return true;
      case Kind.failed:
        if (typeof message.traceback !== 'string') return false;
        this.#owner.onFailed(message.traceback, parseFailureReport(message.report));
        return true;
      case Kind.stopping:
        this.#owner.onStopping();
        return true;
      case Kind.evicted:
        this.#owner.onEvicted();
        return true;
      case Kind.recalled:
        return this.#onRecalled(message);
      case Kind.interrupted:
        return this.#onInterrupted(message);
      case Kind.stacksTaken:
        return this.#onStacksTaken(message);
      case Kind.metrics:
        return this.#owner.onMetrics(message);
      case Kind.scoreboard:
        this.#scoreboards.ask();
        return true;
      default:
        return false;
    }
  }

  #onRecalled({ channel, started, through }: Message): boolean {
    if (typeof channel !== 'number' || typeof started !== 'number' || typeof through !== 'number')
      return false;
    this.#owner.onRecalled(channel, started, through);
    return true;
  }

  #onInterrupted({ channel, exchange, stack }: Message): boolean {
    if (typeof channel !== 'number' || typeof exchange !== 'number') return false;
    if (typeof stack !== 'string' && stack !== null) return false;
    this.#owner.onInterrupted(channel, exchange, stack);
    return true;
  }

  #onStacksTaken({ stacks }: Message): boolean {
    if (!Array.isArray(stacks) || !stacks.every(isTakenStack)) return false;
    this.#settleStacks(stacks);
    return true;
  }
}

function isTakenStack(value: unknown): value is TakenStack {
  if (typeof value !== 'object' || value === null) return false;
  const { channel, exchange, stack } = value as Message;
  return typeof channel === 'number' && typeof exchange === 'number' && typeof stack === 'string';
}

function parseObject(text: string): Message | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Message) : null;
  } catch {
    return null;
  }
}
