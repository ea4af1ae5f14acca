/**
 * request-timeout: how long a request may run. It counts from when it is the first of its channel, as far as we can
 * tell the moment its thread begins with it; waiting before that is the business of queue-timeout.
 *
 *   running → overdue: the client has its 504, the worker is asked where the thread is, and to interrupt it
 *           → ended (the thread is back at work), or given up: the worker is to be replaced
 *
 * Looks around a few times a second, and only while some request takes long.
 */
import type { ApplicationSettings } from '../config/configuration.ts';
import type { Log } from '../telemetry/log.ts';
import { type Assignment, describe } from './assignment.ts';
import type { Channel } from './channel.ts';
import { type RequestTimeout, RequestTimeouts } from './request-timeouts.ts';
import type { Worker } from './worker.ts';

const CHECK_MS = 250;
/** An interpreter that runs says within this time where a thread is. */
const STACK_WAIT_MS = 1_000;

/** A request that has run for too long, and whose thread is still at it. */
interface Overdue {
  readonly worker: Worker;
  readonly assignment: Assignment;
  readonly exchange: number;
  readonly expiredAt: number;
  /** The line of the log, but for the stack. */
  readonly line: string;
  isLogged: boolean;
}

export class Deadlines {
  readonly #settings: ApplicationSettings;
  readonly #timeouts: RequestTimeouts;
  readonly #workers: ReadonlyMap<number, Worker>;
  readonly #events: { stuck(worker: Worker, why: string): void };
  readonly #log: Log;
  readonly #overdue = new Map<Channel, Overdue>();
  #timer: NodeJS.Timeout | null = null;

  constructor(
    settings: ApplicationSettings,
    workers: ReadonlyMap<number, Worker>,
    events: { stuck(worker: Worker, why: string): void },
    log: Log,
  ) {
    this.#settings = settings;
    this.#timeouts = new RequestTimeouts(settings);
    this.#workers = workers;
    this.#events = events;
    this.#log = log;
  }

  /** Some request takes long. */
  watch(): void {
    if (this.#timer !== null || this.#timeouts.leastMs === 0) return;
    this.#timer = setTimeout(() => setImmediate(this.#onTimer), CHECK_MS).unref();
  }

  /** After the sockets were read: answers that have come while we were busy are in time. */
  readonly #onTimer = (): void => {
    this.#timer = null;
    if (this.check(performance.now())) this.watch();
  };

  /** True while there is something to look after. */
  check(now: number): boolean {
    const { leastMs } = this.#timeouts;
    if (leastMs === 0) return false;
    let isBusy = false;
    for (const worker of this.#workers.values()) {
      for (const channel of worker.channels) {
        if (channel.load === 0) continue;
        isBusy = true;
        if (now - channel.headSince >= leastMs && !this.#overdue.has(channel))
          this.#compare(worker, channel, now);
      }
    }
    for (const [channel, overdue] of this.#overdue) this.#follow(channel, overdue, now);
    return isBusy || this.#overdue.size > 0;
  }

  /** The worker has said where the thread is. */
  located(worker: Worker, index: number, exchange: number, stack: string | null): void {
    for (const [channel, overdue] of this.#overdue) {
      if (overdue.worker !== worker || channel.index !== index || overdue.exchange !== exchange) continue;
      this.#report(overdue, stack === null ? '. It has ended meanwhile' : `:\n${stack}`);
    }
  }

  /** The worker may not have heard what it was asked: its control connection was lost. */
  askAgain(worker: Worker): void {
    for (const [channel, overdue] of this.#overdue)
      if (overdue.worker === worker && !overdue.isLogged) this.#interrupt(channel, overdue);
  }

  /** Nobody waits for stacks any more. */
  close(): void {
    for (const overdue of this.#overdue.values())
      this.#report(overdue, '. Where it is was not heard before the gateway ended');
  }

  #compare(worker: Worker, channel: Channel, now: number): void {
    const timeout = this.#timeouts.of(channel.first!.exchange.request.decodedPath);
    if (timeout.ms > 0 && now - channel.headSince >= timeout.ms) this.#expire(worker, channel, timeout, now);
  }

  #expire(worker: Worker, channel: Channel, timeout: RequestTimeout, now: number): void {
    const assignment = channel.first!;
    const age = seconds(now - channel.headSince);
    const overdue: Overdue = {
      worker,
      assignment,
      exchange: assignment.channelId,
      expiredAt: now,
      line: `${describe(assignment)}: ${channel.phase} for ${age} in ${worker.name} (${timeout.text})`,
      isLogged: false,
    };
    this.#overdue.set(channel, overdue);
    this.#interrupt(channel, overdue);
    assignment.expire();
  }

  #interrupt(channel: Channel, { worker, exchange }: Overdue): void {
    worker.interrupt(channel, exchange, this.#settings.interruptTimeoutMs > 0);
  }

  #follow(channel: Channel, overdue: Overdue, now: number): void {
    const { worker, assignment, expiredAt } = overdue;
    const isOver = now - expiredAt >= this.#settings.interruptTimeoutMs;
    if (now - expiredAt >= STACK_WAIT_MS || worker.state === 'gone')
      this.#report(overdue, '. Where it is cannot be told: its Python interpreter has not answered');
    if (!overdue.isLogged && !isOver) return;
    if (channel.first !== assignment) this.#onEnded(channel, overdue, now, isOver);
    else if (isOver && !channel.isGivenUp) this.#giveUp(channel, overdue);
  }

  #onEnded(channel: Channel, overdue: Overdue, now: number, isOver: boolean): void {
    const { worker, assignment, expiredAt } = overdue;
    // The thread dials again: the connection on which it was interrupted is closed.
    const isBack = worker.channels.some(({ index }) => index === channel.index);
    if (!isBack && !isOver && worker.state !== 'gone') return;
    this.#overdue.delete(channel);
    if (!isBack) return;
    const after = seconds(now - expiredAt);
    this.#log.info(
      'request-interrupted',
      `${describe(assignment)}: it has ended, ${after} after request-timeout. Its thread is back at work`,
    );
  }

  #giveUp(channel: Channel, { worker, assignment }: Overdue): void {
    const { interruptTimeoutMs } = this.#settings;
    const after = interruptTimeoutMs > 0 ? ` (interrupt-timeout ${seconds(interruptTimeoutMs)})` : '';
    this.#events.stuck(worker, `${describe(assignment)} does not end${after}`);
    worker.giveUp(channel);
  }

  #report(overdue: Overdue, where: string): void {
    if (overdue.isLogged) return;
    overdue.isLogged = true;
    this.#log.error('request-timeout', overdue.line + where);
  }
}

function seconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}
