/**
 * The stacks of a server: the one that serves, the one that a reload starts beside it, and those that finish their
 * requests. Replacing one is a transaction: until the new stack accepts clients the old one is not touched, and
 * whatever fails before leaves it as it was.
 */
import type { Configuration } from '../config/configuration.ts';
import type {
  AcmeChallenges,
  CachePurge,
  PurgeReport,
  RequestsInFlight,
  UpstreamChange,
  UpstreamReport,
} from '../control/messages.ts';
import type { Log } from '../telemetry/log.ts';
import { mergeRequests } from './control/requests-in-flight.ts';
import { RELOAD } from './pool/pool-member.ts';
import { type ReloadOutcome, STOPPING } from './pool/reloads.ts';
import type { Listening, ServerSocket } from './resources/socket-set.ts';
import type { Stack } from './stack.ts';
import { reasonOf } from './startup-error.ts';

export type OneStack = Pick<
  Stack,
  | 'configuration'
  | 'sizes'
  | 'start'
  | 'whole'
  | 'accept'
  | 'announceStop'
  | 'stop'
  | 'terminate'
  | 'kill'
  | 'reopenLogs'
  | 'renewTls'
  | 'showChallenges'
  | 'requests'
  | 'purge'
  | 'upstreams'
  | 'upstreamChanges'
  | 'inheritUpstreamChanges'
>;

export interface Sockets {
  /** All or none. Throws StartupError. */
  open(listening: Listening): Promise<readonly ServerSocket[]>;
  keepOnly(listening: Listening): void;
  close(): void;
}

const REPLACED = 'was replaced by a restart or by a reload of the settings';

export class StackSet<S extends OneStack> {
  readonly #make: (configuration: Configuration, sockets: readonly ServerSocket[]) => S;
  readonly #sockets: Sockets;
  readonly #log: Log;
  #current: S;
  #next: S | null = null;
  readonly #retiring = new Set<S>();
  /** No stack is started any more. */
  #isLeaving = false;
  #isStopping = false;

  constructor(
    make: (configuration: Configuration, sockets: readonly ServerSocket[]) => S,
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
    if (this.#isLeaving) return STOPPING;
    this.#log.info('reload-started', 'starting a new gateway and new workers');
    let sockets: readonly ServerSocket[];
    try {
      sockets = await this.#sockets.open(configuration);
    } catch (error) {
      return this.#isLeaving ? STOPPING : this.refuse(reasonOf(error));
    }
    if (this.#isLeaving) return this.#leave();
    const next = this.#make(configuration, sockets);
    this.#next = next;
    next.inheritUpstreamChanges(this.#current.upstreamChanges);
    // As many workers as before; one at least, which shows whether an application can be loaded.
    next.start(false, this.#current.sizes);
    const whole = await next.whole();
    const outcome = whole.ok ? await next.accept() : whole;
    this.#next = null;
    return outcome.ok && !this.#isLeaving ? this.#takeOver(next) : this.#giveUp(next, outcome);
  }

  refuse(why: string, traceback: string | null = null): ReloadOutcome {
    this.#log.error('reload-failed', `${why}. Everything goes on as before the reload`);
    return { ok: false, why, traceback };
  }

  /** Says that they will stop soon. A reload that is under way is given up; the rest goes on. */
  announceStop(): void {
    this.#isLeaving = true;
    void this.#next?.stop(0);
    for (const stack of this.#all()) stack.announceStop();
  }

  /** Resolves when all processes have ended, which `terminate` and `kill` can hasten. */
  async stop(): Promise<void> {
    this.#isLeaving = true;
    this.#isStopping = true;
    this.#sockets.close();
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

  showChallenges(challenges: AcmeChallenges): void {
    for (const stack of this.#all()) stack.showChallenges(challenges);
  }

  renewTls(): void {
    for (const stack of this.#all()) stack.renewTls();
  }

  /** What the present gateway has, and what those of before a reload finish. Null when it does not say. */
  async requests(withStacks: boolean): Promise<RequestsInFlight | null> {
    const stacks = [this.#current, ...this.#retiring];
    const [current, ...retiring] = await Promise.all(stacks.map((stack) => stack.requests(withStacks)));
    return mergeRequests(current!, retiring);
  }

  /** Of the present gateway: those of before a reload only finish their requests. Null when it does not say. */
  upstreams(change: UpstreamChange | null): Promise<readonly UpstreamReport[] | null> {
    return this.#current.upstreams(change);
  }

  /** In all gateways: those of before a reload may share a directory with the present one. Null when it does not say. */
  async purge(purge: CachePurge): Promise<PurgeReport | null> {
    const [current, ...others] = await Promise.all(
      [this.#current, ...this.#retiring, ...(this.#next === null ? [] : [this.#next])].map((stack) =>
        stack.purge(purge),
      ),
    );
    const more = others.reduce((sum, report) => sum + (report?.purged ?? 0), 0);
    return current === null || current === undefined ? null : { ...current, purged: current.purged + more };
  }

  #takeOver(next: S): ReloadOutcome {
    const old = this.#current;
    this.#current = next;
    // Those that were made while it started, too.
    next.inheritUpstreamChanges(old.upstreamChanges);
    this.#sockets.keepOnly(next.configuration);
    const { http, gracefulTimeoutMs } = old.configuration;
    this.#retire(old, Math.min(http.keepAliveTimeoutMs, gracefulTimeoutMs / 2), REPLACED);
    const detail = 'a new gateway and new workers serve, the old ones finish their requests';
    this.#log.info('reload-finished', detail);
    return { ok: true, detail };
  }

  #giveUp(next: S, outcome: ReloadOutcome): ReloadOutcome {
    this.#retire(next, 0, 'belonged to a reload that failed');
    if (this.#isLeaving || outcome.ok) return this.#leave();
    this.#sockets.keepOnly(this.#current.configuration);
    return this.refuse(outcome.why, outcome.traceback);
  }

  /** Of a reload that a stop has overtaken. */
  #leave(): ReloadOutcome {
    if (this.#isStopping) this.#sockets.close();
    else this.#sockets.keepOnly(this.#current.configuration);
    return STOPPING;
  }

  #retire(stack: S, lingerMs: number, why: string): void {
    this.#retiring.add(stack);
    void stack.stop(lingerMs, RELOAD, why).then(() => this.#retiring.delete(stack));
  }

  #all(): S[] {
    return [this.#current, ...(this.#next === null ? [] : [this.#next]), ...this.#retiring];
  }
}
