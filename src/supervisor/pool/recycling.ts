/**
 * Recycling: which healthy worker is to be replaced, and why.
 *
 * Every worker gets limits of its own when it begins to serve: those of the settings, less a random part, so that
 * workers that were started together do not go together. Once a second, and whenever something has changed, the oldest
 * worker that has reached one of its limits is named to the pool, which replaces one at a time. The reasons are the
 * table at the end.
 */
import type { RecyclingSettings } from '../../config/configuration.ts';
import type { WorkerUsage } from '../../control/messages.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Cancel, Clock } from '../clock.ts';
import { backOffMs } from '../processes/back-off.ts';
import type { ProcessUsage } from '../processes/process-usage.ts';
import type { Member, StopReason } from './pool-member.ts';

export interface RecyclingCause {
  /** Completes "worker 3 is replaced: …". */
  readonly why: string;
  readonly stopReason: StopReason;
}

export interface RecycledPool {
  /** The workers that may be replaced now, oldest first: none while another one is away or a reload runs. */
  replaceable(): readonly Member[];
  replace(member: Member, cause: RecyclingCause): void;
}

const CHECK_MS = 1000;
const UNUSED: ProcessUsage = { residentBytes: 0, dataBytes: 0, cpuMs: 0 };
/** Of the hard limit: from there on allocations may fail any moment. */
const NEAR_LIMIT = 0.9;

export class Recycling {
  readonly #settings: RecyclingSettings;
  readonly #pool: RecycledPool;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #random: () => number;
  readonly #reasons: readonly Reason[];
  readonly #records = new WeakMap<Member, WorkerRecord>();
  readonly #warned = new Set<string>();
  #cancelCheck: Cancel = () => {};
  /** Those that have to go whatever their limits: they have a request that does not end, or were told to. */
  readonly #stuck = new Map<Member, RecyclingCause>();
  /** Replacements in a row that could not be used. */
  #failures = 0;
  #notBeforeMs = 0;

  constructor(settings: RecyclingSettings, pool: RecycledPool, clock: Clock, log: Log, random: () => number) {
    this.#settings = settings;
    this.#pool = pool;
    this.#clock = clock;
    this.#log = log;
    this.#random = random;
    this.#reasons = REASONS.filter(({ limit }) => limit(settings) > 0);
  }

  start(): void {
    if (this.#reasons.length > 0 || this.#stuck.size > 0)
      this.#cancelCheck = this.#clock.after(CHECK_MS, () => this.#tick());
  }

  stop(): void {
    this.#cancelCheck();
  }

  /** It has loaded the application and gets requests from now on. */
  began(member: Member): void {
    this.#failures = 0;
    const record = newRecord(member, this.#clock.now());
    this.#records.set(member, record);
    const part = 1 - this.#settings.jitter * this.#random();
    record.limits = this.#reasons.flatMap((reason) => this.#limitFor(record, reason, part) ?? []);
  }

  /** What the gateway has counted. */
  used(member: Member, { answered, isBusy }: WorkerUsage): void {
    const record = this.#records.get(member);
    if (record === undefined) return;
    record.answered += answered;
    record.isBusy = isBusy;
    record.idleSinceMs = this.#clock.now();
  }

  /** It has to go. */
  stuck(member: Member, cause: RecyclingCause): void {
    if (this.#stuck.has(member)) return;
    this.#stuck.set(member, cause);
    this.#cancelCheck();
    this.start();
    this.check();
  }

  /** Its requests ended with the gateway. */
  lostGateway(member: Member): void {
    const record = this.#records.get(member);
    if (record?.isBusy) Object.assign(record, { isBusy: false, idleSinceMs: this.#clock.now() });
  }

  /** A replacement could not be used, and the worker it was for goes on. */
  failed(replacement: Member, why: string, kept: Member): void {
    const waitMs = backOffMs(++this.#failures + 1, this.#random());
    this.#notBeforeMs = this.#clock.now() + waitMs;
    const { label } = kept.process;
    this.#log.error(
      'recycling-failed',
      `${replacement.process.label} ${why}. ${label}, which it was for, goes on`,
    );
  }

  /** Has the oldest of those that must go replaced. */
  check(): void {
    const nowMs = this.#clock.now();
    if (nowMs < this.#notBeforeMs) return;
    for (const member of this.#pool.replaceable()) {
      const record = this.#records.get(member);
      const cause = this.#stuck.get(member) ?? (record && this.#whyReplace(record, nowMs));
      if (cause) return this.#pool.replace(member, cause);
    }
  }

  #tick(): void {
    for (const member of this.#stuck.keys()) if (member.slot === null) this.#stuck.delete(member);
    this.start();
    if (this.#reasons.some(({ isProcessUsage }) => isProcessUsage)) {
      for (const member of this.#pool.replaceable()) this.#measure(member);
    }
    this.check();
  }

  #measure(member: Member): void {
    const record = this.#records.get(member);
    if (record !== undefined) record.usage = member.process.usage() ?? record.usage;
  }

  #whyReplace(record: WorkerRecord, nowMs: number): RecyclingCause | null {
    for (const { reason, limit } of record.limits) {
      const figure = reason.figure(record, nowMs);
      if (figure < limit) continue;
      const { name, describe, format } = reason;
      const [wanted, own] = [format(reason.limit(this.#settings)), format(limit)];
      const difference = own === wanted ? '' : `, for this worker ${own}`;
      const why = `${describe(format(figure))} (${name} ${wanted}${difference})`;
      return { why, stopReason: reason.stopReason };
    }
    return null;
  }

  /** Null when it would make no sense. `part` is what randomness leaves of what the worker may still use. */
  #limitFor(record: WorkerRecord, reason: Reason, part: number): Limit | null {
    const { name, isProcessUsage, format } = reason;
    const wanted = reason.limit(this.#settings);
    if (isProcessUsage) {
      const usage = record.member.process.usage();
      if (usage === null) {
        this.#warnOnce(
          name,
          'limit-not-watched',
          `${name}: this system does not say what a process uses in /proc`,
        );
        return null;
      }
      record.usage = usage;
    }
    const loaded = reason.figure(record, this.#clock.now());
    if (loaded < wanted) return { reason, limit: Math.ceil(loaded + (wanted - loaded) * part) };
    const { label } = record.member.process;
    const found = `${label} has come to ${format(loaded)} by loading the application alone`;
    this.#warnOnce(
      name,
      'limit-too-low',
      `${found} (${name} ${format(wanted)}): it is not replaced for that`,
    );
    return null;
  }

  #warnOnce(name: string, code: string, message: string): void {
    if (this.#warned.has(name)) return;
    this.#warned.add(name);
    this.#log.warn(code, message);
  }
}

/** What a worker has done since it began to serve. */
interface WorkerRecord {
  readonly member: Member;
  limits: readonly Limit[];
  answered: number;
  isBusy: boolean;
  idleSinceMs: number;
  usage: ProcessUsage;
}

interface Limit {
  readonly reason: Reason;
  /** What the worker may come to, in the unit of the reason's figure. */
  readonly limit: number;
}

function newRecord(member: Member, nowMs: number): WorkerRecord {
  return { member, limits: [], answered: 0, isBusy: false, idleSinceMs: nowMs, usage: UNUSED };
}

interface Reason {
  /** The setting. */
  readonly name: string;
  readonly stopReason: StopReason;
  readonly limit: (settings: RecyclingSettings) => number;
  readonly isProcessUsage: boolean;
  readonly figure: (record: WorkerRecord, nowMs: number) => number;
  /** Completes "worker 3 is replaced: …". */
  readonly describe: (figure: string) => string;
  readonly format: (figure: number) => string;
}

const formatSeconds = (ms: number): string => `${Math.round(ms / 100) / 10} s`;
const formatBytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

const REASONS: readonly Reason[] = [
  {
    name: 'maximum-requests',
    stopReason: 'maximum_requests',
    limit: ({ maximumRequests }) => maximumRequests,
    isProcessUsage: false,
    figure: ({ answered }) => answered,
    describe: (figure) => `it has answered ${figure} requests`,
    format: String,
  },
  {
    name: 'restart-interval',
    stopReason: 'restart_interval',
    limit: ({ restartIntervalMs }) => restartIntervalMs,
    isProcessUsage: false,
    figure: ({ member }) => member.readyForMs ?? 0,
    describe: (figure) => `it has served for ${figure}`,
    format: formatSeconds,
  },
  {
    name: 'inactivity-timeout',
    stopReason: 'inactivity_timeout',
    limit: ({ inactivityTimeoutMs }) => inactivityTimeoutMs,
    isProcessUsage: false,
    // One that has served nothing is as small as a new one.
    figure: ({ answered, isBusy, idleSinceMs }, nowMs) =>
      answered === 0 || isBusy ? 0 : nowMs - idleSinceMs,
    describe: (figure) => `it has had no request for ${figure}`,
    format: formatSeconds,
  },
  {
    name: 'cpu-time-limit',
    stopReason: 'cpu_time_limit',
    limit: ({ cpuTimeLimitMs }) => cpuTimeLimitMs,
    isProcessUsage: true,
    figure: ({ usage }) => usage.cpuMs,
    describe: (figure) => `it has used ${figure} of CPU time`,
    format: formatSeconds,
  },
  {
    name: 'memory-limit',
    stopReason: 'memory_limit',
    limit: ({ memoryLimit }) => memoryLimit,
    isProcessUsage: true,
    figure: ({ usage }) => usage.residentBytes,
    describe: (figure) => `it uses ${figure} of memory`,
    format: formatBytes,
  },
  {
    name: '90 % of memory-limit-hard,',
    stopReason: 'memory_limit_hard',
    limit: ({ memoryLimitHard }) => memoryLimitHard * NEAR_LIMIT,
    isProcessUsage: true,
    figure: ({ usage }) => usage.dataBytes,
    describe: (figure) => `it has ${figure} of private memory`,
    format: formatBytes,
  },
];
