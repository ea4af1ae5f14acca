/**
 * Keeps a gateway running: starts it, tells it all it has to know, and replaces it when it dies, at once and then with
 * back-off. The listening sockets and the workers are not its business; they outlive every gateway.
 */
import type { ToGateway, ToSupervisor } from '../../control/messages.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Cancel, Clock } from '../clock.ts';
import { backOffMs, failuresAfter } from './back-off.ts';
import type { GatewayEvents } from './gateway-process.ts';

/** A gateway only has to start Node and to listen. */
const START_TIMEOUT_MS = 30_000;
/** For one that waits for no request any more. */
const CUT_MS = 1_000;

export interface GatewayProcess {
  readonly pid: number | null;
  readonly label: string;
  send(message: ToGateway): void;
  terminate(): void;
  kill(): void;
}

export interface KeeperEffects {
  /** Starts a process. What becomes of it comes back as an event, never before this returns. */
  spawn(events: GatewayEvents): GatewayProcess;
  /** What a new gateway is told first, in this order. */
  introduction(): ToGateway[];
  serving(): void;
  /** The very first gateway cannot serve: there is no point in going on. */
  failed(why: string): void;
  /** `wasExpected`: it was told to. */
  ended(label: string, cause: string, wasExpected: boolean): void;
  /** A message about a worker. */
  report(message: ToSupervisor): void;
}

const nothing: Cancel = () => {};

export class GatewayKeeper {
  readonly #effects: KeeperEffects;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #random: () => number;
  #process: GatewayProcess | null = null;
  #servingSinceMs: number | null = null;
  #hasEverServed = false;
  #failures = 0;
  /** The one thing it waits for: the start, the end, or the next attempt. */
  #cancelWait: Cancel = nothing;
  #ended: PromiseWithResolvers<void> | null = null;

  constructor(effects: KeeperEffects, clock: Clock, log: Log, random = Math.random) {
    this.#effects = effects;
    this.#clock = clock;
    this.#log = log;
    this.#random = random;
  }

  /** Null while there is no gateway. */
  get pid(): number | null {
    return this.#process?.pid ?? null;
  }

  start(): void {
    const process = this.#effects.spawn({
      message: (message) => this.#onMessage(process, message),
      ended: ({ cause }) => this.#onEnded(process, cause),
    });
    this.#process = process;
    this.#servingSinceMs = null;
    for (const message of this.#effects.introduction()) process.send(message);
    this.#wait(START_TIMEOUT_MS, () => {
      this.#log.error('gateway-failed', `${process.label} did not serve within ${START_TIMEOUT_MS / 1000} s`);
      process.kill();
    });
  }

  /** Lost while there is no gateway: the next one is told everything anew. */
  send(message: ToGateway): void {
    this.#process?.send(message);
  }

  /**
   * Lets it finish its requests; those that it has after `limitMs` are given up. Resolves when it is gone, which
   * `terminate` and `kill` can hasten.
   */
  stop(limitMs: number, lingerMs: number): Promise<void> {
    this.#ended ??= Promise.withResolvers<void>();
    const process = this.#process;
    if (process === null) {
      this.#cancelWait();
      this.#ended.resolve();
      return this.#ended.promise;
    }
    process.send({ type: 'stop', lingerMs });
    this.#wait(limitMs, () => this.#cut(process));
    return this.#ended.promise;
  }

  /** After `stop`: its requests have only so long. */
  terminate(limitMs: number): void {
    const process = this.#process;
    if (process !== null) this.#wait(limitMs, () => this.#cut(process));
  }

  kill(): void {
    this.#process?.kill();
  }

  #onMessage(process: GatewayProcess, message: ToSupervisor): void {
    if (message.type === 'serving') {
      this.#servingSinceMs = this.#clock.now();
      if (this.#ended === null) this.#cancelWait();
      if (this.#hasEverServed) this.#log.info('gateway-replaced', `${process.label} serves`);
      this.#hasEverServed = true;
      this.#effects.serving();
    } else if (message.type === 'not-serving') {
      if (!this.#hasEverServed) this.#effects.failed(message.why);
      else this.#log.error('gateway-failed', `${process.label} cannot serve: ${message.why}`);
      process.kill();
    } else {
      this.#effects.report(message);
    }
  }

  #onEnded(process: GatewayProcess, cause: string): void {
    this.#cancelWait();
    this.#process = null;
    this.#effects.ended(process.label, cause, this.#ended !== null);
    if (this.#ended !== null) {
      this.#log.debug('gateway-exited', `${process.label} ${cause}`);
      this.#ended.resolve();
    } else if (!this.#hasEverServed) {
      this.#effects.failed(`${process.label} ${cause} before it could serve`);
    } else {
      this.#log.error('gateway-exited', `${process.label} ${cause}: it is replaced, connections wait`);
      this.#restart();
    }
  }

  #restart(): void {
    const servedForMs = this.#servingSinceMs === null ? null : this.#clock.now() - this.#servingSinceMs;
    this.#failures = failuresAfter(this.#failures, servedForMs);
    const waitMs = backOffMs(this.#failures, this.#random());
    if (waitMs === 0) this.start();
    else this.#wait(waitMs, () => this.start());
  }

  /** A second request to stop: it says which requests are lost, and ends. */
  #cut(process: GatewayProcess): void {
    process.terminate();
    this.#wait(CUT_MS, () => {
      this.#log.warn('gateway-killed', `${process.label} had not stopped and was killed`);
      process.kill();
    });
  }

  #wait(limitMs: number, then: () => void): void {
    this.#cancelWait();
    this.#cancelWait = this.#clock.after(limitMs, then);
  }
}
