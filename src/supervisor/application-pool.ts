/** The workers of one application of a stack: their pool, and how it reaches processes, gateway and history. */
import type { ApplicationSettings, Configuration } from '../config/configuration.ts';
import type { FromApplication, ToApplication, ToGateway } from '../control/messages.ts';
import { type Log, prefixed } from '../telemetry/log.ts';
import { systemClock } from './clock.ts';
import type { ExitHistory } from './control/exit-history.ts';
import { readMemoryRoom } from './pool/memory-room.ts';
import type { PoolEffects } from './pool/pool-effects.ts';
import type { WorkerProcess } from './pool/pool-member.ts';
import { type ReloadOutcome, refusal } from './pool/reloads.ts';
import { WorkerPool } from './pool/worker-pool.ts';
import { passOn } from './pool/worker-reports.ts';
import type { ChildEnd } from './processes/child-process.ts';
import type { LoadedFiles } from './processes/lifeline-reader.ts';
import { LoadVerdicts } from './processes/load-verdicts.ts';
import type { StackProcesses } from './stack-processes.ts';

export interface PoolSurroundings {
  readonly processes: StackProcesses;
  readonly exits: ExitHistory;
  readonly log: Log;
  nextNumber(): number;
  nextGeneration(): number;
  tellGateway(message: ToGateway): void;
  isStopping(): boolean;
  /** Why the whole stack was stopped; null: the server stops, or it was not. */
  whyStopped(): string | null;
  /** Its workers are ready, or it is known that none can be. */
  settled(): void;
  /** A worker was not ready, or has ended: nobody who waits for all of them needs to wait. */
  lost(outcome: ReloadOutcome): void;
  /** Its interpreter cannot be started at all. */
  failed(why: string): void;
  loaded(files: LoadedFiles): void;
}

/** Age of the youngest worker at which a reload is trusted; not where somebody waits to see what he has edited. */
const SETTLE_MS = 1000;

export class ApplicationPool {
  readonly settings: ApplicationSettings;
  readonly pool: WorkerPool;
  readonly #surroundings: PoolSurroundings;
  readonly #log: Log;
  /** For messages: which application they are about, where there are several. */
  readonly #prefix: string;
  readonly #verdicts = new LoadVerdicts(systemClock);
  /** Its workers are ready, or it is known that none can be. */
  isSettled = false;
  /** Called when its last worker is gone; null: it stays. */
  #gone: (() => void) | null = null;

  constructor(
    settings: ApplicationSettings,
    configuration: Configuration,
    surroundings: PoolSurroundings,
    isAlone: boolean,
  ) {
    this.settings = settings;
    this.#surroundings = surroundings;
    this.#prefix = isAlone ? '' : `${settings.name}: `;
    this.#log = isAlone ? surroundings.log : prefixed(surroundings.log, this.#prefix);
    const { gracefulTimeoutMs, evictionTimeoutMs, shutdownTimeoutMs } = configuration;
    const settleMs = settings.development.reloadOnChanges ? 0 : SETTLE_MS;
    const limits = { settleMs, gracefulTimeoutMs, evictionTimeoutMs, shutdownTimeoutMs };
    this.pool = new WorkerPool({ ...settings, ...limits }, this.#makeEffects(), systemClock, this.#log);
  }

  get name(): string {
    return this.settings.name;
  }

  /** What a new gateway has to know of it. */
  introduction(): ToGateway[] {
    const messages = this.pool.introduction();
    if (this.#gone !== null) return [];
    const { settings } = this;
    const added: ToApplication[] = settings.isDropIn ? [{ type: 'application-added', settings }] : [];
    return [...added, ...messages].map((message) => this.#named(message));
  }

  /** Its script is gone: its workers finish their requests, and no more are started. */
  leave(gone: () => void): void {
    this.#gone = gone;
    this.pool.giveUpReload('its script is gone');
    void this.pool.scaleTo({ min: 0, max: 0 }, 'its script is gone');
    this.#checkGone();
  }

  /** Its script has come back. */
  stay(): void {
    this.#gone = null;
    void this.pool.scaleTo(this.settings.processes, 'its script has come back');
  }

  #checkGone(): void {
    if (this.#gone === null || [...this.pool.members].length > 0) return;
    void this.pool.stop();
    this.#gone();
  }

  /** What the gateway says of it. */
  reported(message: FromApplication): void {
    passOn(message, this.pool, this.#log);
    // From now on its exit has other reasons, whatever the status.
    if (message.type === 'worker-ready' || message.type === 'worker-failed')
      this.#verdicts.explained(message.worker);
  }

  #named(message: ToApplication): ToGateway {
    return { ...message, application: this.name };
  }

  #makeEffects(): PoolEffects {
    const { exits, nextNumber, nextGeneration, tellGateway, settled, lost, whyStopped } = this.#surroundings;
    return {
      nextNumber,
      nextGeneration,
      spawn: (worker, generation) => this.#spawn(worker, generation),
      tell: (message) => {
        tellGateway(this.#named(message));
        if (message.type === 'switch') this.#switched(message.activate);
      },
      memoryRoom: readMemoryRoom,
      settled: () => {
        this.isSettled = true;
        settled();
      },
      loadFailed: (why, traceback) => {
        if (!this.settings.isDropIn) lost({ ok: false, why: `${this.#prefix}${why}`, traceback });
      },
      ended: (member, cause) => {
        const label = `${this.#prefix}${member.process.label}`;
        exits.addWorker(member, label, cause, whyStopped());
        // The pool starts another one. A reload does not try twice.
        if (!this.settings.isDropIn) lost(refusal(`${label} ${cause}`));
        this.#checkGone();
      },
    };
  }

  #switched(activated: readonly number[]): void {
    for (const { process } of this.pool.members) {
      const { worker, generation } = process.identity;
      if (activated.includes(worker)) this.#surroundings.processes.commandsServe(this.name, generation);
    }
  }

  #spawn(worker: number, generation: number): WorkerProcess {
    const { processes, tellGateway, loaded } = this.#surroundings;
    const events = { ended: (end: ChildEnd) => this.#onEnded(worker, end), loaded };
    const process = processes.startProcess(worker, generation, this.settings, events);
    tellGateway(this.#named({ type: 'expect-worker', identity: process.identity }));
    return process;
  }

  #onEnded(worker: number, { cause, status, wasStarted }: ChildEnd): void {
    const { processes, failed, isStopping } = this.#surroundings;
    processes.retireLedger(worker);
    if (!wasStarted && !this.settings.isDropIn) failed(`${this.#prefix}the worker ${cause}`);
    // A command explains nothing to a gateway.
    const isExplained = isStopping() || this.settings.target.kind === 'command';
    this.#verdicts.exited(worker, isExplained ? null : status, () => this.pool.workerExited(worker, cause));
  }
}
