/**
 * The stacks of a server: the one that serves, the one that a reload starts beside it, and those that finish their
 * requests. Replacing one is a transaction: until the new stack accepts clients the old one is not touched, and
 * whatever fails before leaves it as it was.
 */
import type { Configuration, ListenAddress } from '../config/configuration.ts';
import type { RequestsInFlight } from '../control/messages.ts';
import type { Log } from '../telemetry/log.ts';
import type { ListeningSocket } from './listening-sockets.ts';
import { RELOAD } from './pool-member.ts';
import type { ReloadOutcome } from './reloads.ts';
import { mergeRequests } from './requests-in-flight.ts';
import type { Stack } from './stack.ts';
import { reasonOf } from './startup-error.ts';

export type OneStack = Pick<
  Stack,
  'configuration' | 'start' | 'whole' | 'accept' | 'stop' | 'terminate' | 'kill' | 'reopenLogs' | 'requests'
>;

export interface Sockets {
  /** All or none. Throws StartupError. */
  open(addresses: readonly ListenAddress[]): Promise<readonly ListeningSocket[]>;
  keepOnly(addresses: readonly ListenAddress[]): void;
}

export const STOPPING: ReloadOutcome = { ok: false, why: 'the server is stopping', traceback: null };

export class StackSet<S extends OneStack> {
  readonly #make: (configuration: Configuration, sockets: readonly ListeningSocket[]) => S;
  readonly #sockets: Sockets;
  readonly #log: Log;
  #current: S;
  #next: S | null = null;
  readonly #retiring = new Set<S>();
  #isStopping = false;

  constructor(
    make: (configuration: Configuration, sockets: readonly ListeningSocket[]) => S,
    first: S,
    sockets: Sockets,
    log: Log,
  ) {
    this.#make = make;
    this.#current = first;
    this.#sockets = sockets;
    this.#log = log;
  }

  /** The one that serves. */
  get current(): S {
    return this.#current;
  }

  /** Resolves when a new stack has taken over, or cannot. One at a time. */
  async replace(configuration: Configuration): Promise<ReloadOutcome> {
    if (this.#isStopping) return STOPPING;
    this.#log.info('reload-started', 'starting a new gateway and new workers');
    let sockets: readonly ListeningSocket[];
    try {
      sockets = await this.#sockets.open(configuration.listen);
    } catch (error) {
      return this.#isStopping ? STOPPING : this.refuse(reasonOf(error));
    }
    if (this.#isStopping) {
      this.#sockets.keepOnly([]);
      return STOPPING;
    }
    const next = this.#make(configuration, sockets);
    this.#next = next;
    next.start(false);
    const whole = await next.whole();
    const outcome = whole.ok ? await next.accept() : whole;
    this.#next = null;
    return outcome.ok && !this.#isStopping ? this.#takeOver(next) : this.#giveUp(next, outcome);
  }

  refuse(why: string, traceback: string | null = null): ReloadOutcome {
    this.#log.error('reload-failed', `${why}. Everything goes on as before the reload`);
    return { ok: false, why, traceback };
  }

  /** Resolves when all processes have ended, which `terminate` and `kill` can hasten. No stack is started any more. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#sockets.keepOnly([]);
    await Promise.all(this.#all().map((stack) => stack.stop(0)));
  }

  /** Does not wait for requests. */
  terminate(): void {
    for (const stack of this.#all()) stack.terminate();
  }

  kill(): void {
    for (const stack of this.#all()) stack.kill();
  }

  reopenLogs(): void {
    for (const stack of this.#all()) stack.reopenLogs();
  }

  /** What the present gateway has, and what those of before a reload finish. Null when it does not say. */
  async requests(withStacks: boolean): Promise<RequestsInFlight | null> {
    const stacks = [this.#current, ...this.#retiring];
    const [current, ...retiring] = await Promise.all(stacks.map((stack) => stack.requests(withStacks)));
    return mergeRequests(current!, retiring);
  }

  #takeOver(next: S): ReloadOutcome {
    const old = this.#current;
    this.#current = next;
    this.#sockets.keepOnly(next.configuration.listen);
    const { http, gracefulTimeoutMs } = old.configuration;
    this.#retire(old, Math.min(http.keepAliveTimeoutMs, gracefulTimeoutMs / 2));
    const detail = 'a new gateway and new workers serve, the old ones finish their requests';
    this.#log.info('reload-finished', detail);
    return { ok: true, detail };
  }

  #giveUp(next: S, outcome: ReloadOutcome): ReloadOutcome {
    this.#retire(next, 0);
    if (this.#isStopping || outcome.ok) return STOPPING;
    this.#sockets.keepOnly(this.#current.configuration.listen);
    return this.refuse(outcome.why, outcome.traceback);
  }

  #retire(stack: S, lingerMs: number): void {
    this.#retiring.add(stack);
    void stack.stop(lingerMs, RELOAD).then(() => this.#retiring.delete(stack));
  }

  #all(): S[] {
    return [this.#current, ...(this.#next === null ? [] : [this.#next]), ...this.#retiring];
  }
}
