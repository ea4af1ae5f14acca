/** The workers of one application of a stack: their pool, and how it reaches processes, gateway and history. */
import type { ApplicationSettings, Configuration } from '../config/configuration.ts';
import type { FromApplication, ToApplication, ToGateway } from '../control/messages.ts';
import { type Log, prefixed } from '../telemetry/log.ts';
import { systemClock } from './clock.ts';
import type { ExitHistory } from './control/exit-history.ts';
import { readMemoryRoom } from './pool/memory-room.ts';
import type { PoolEffects } from './pool/pool-effects.ts';
import { type ReloadOutcome, refusal } from './pool/reloads.ts';
import { WorkerPool } from './pool/worker-pool.ts';
import { passOn } from './pool/worker-reports.ts';
import type { ChildEnd } from './processes/child-process.ts';
import type { LoadedFiles } from './processes/lifeline-reader.ts';
import { LoadVerdicts } from './processes/load-verdicts.ts';
import type { WorkerHandle } from './processes/worker-process.ts';
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
    return this.pool.introduction().map((message) => this.#named(message));
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
      tell: (message) => tellGateway(this.#named(message)),
      memoryRoom: readMemoryRoom,
      settled: () => {
        this.isSettled = true;
        settled();
      },
      loadFailed: (why, traceback) => lost({ ok: false, why: `${this.#prefix}${why}`, traceback }),
      ended: (member, cause) => {
        const label = `${this.#prefix}${member.process.label}`;
        exits.addWorker(member, label, cause, whyStopped());
        // The pool starts another one. A reload does not try twice.
        lost(refusal(`${label} ${cause}`));
      },
    };
  }

  #spawn(worker: number, generation: number): WorkerHandle {
    const { processes, tellGateway, loaded } = this.#surroundings;
    const identity = processes.identify(worker, generation, this.settings);
    tellGateway(this.#named({ type: 'expect-worker', identity }));
    return processes.startWorker(identity, this.settings, {
      ended: (end) => this.#onEnded(worker, end),
      loaded,
    });
  }

  #onEnded(worker: number, { cause, status, wasStarted }: ChildEnd): void {
    const { processes, failed, isStopping } = this.#surroundings;
    processes.retireLedger(worker);
    if (!wasStarted) failed(`${this.#prefix}the worker ${cause}`);
    this.#verdicts.exited(worker, isStopping() ? null : status, () => this.pool.workerExited(worker, cause));
  }
}
