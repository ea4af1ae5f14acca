/** What surrounds a worker pool in its tests: a log, a clock, a gateway and processes, all of them pretended. */

import type { ProcessRange, RecyclingSettings } from '../../src/config/configuration.ts';
import type { ToApplication } from '../../src/control/messages.ts';
import type { MemoryRoom } from '../../src/supervisor/pool/memory-room.ts';
import type { Member, TimeLimits } from '../../src/supervisor/pool/pool-member.ts';
import { WorkerPool } from '../../src/supervisor/pool/worker-pool.ts';
import type { ProcessUsage } from '../../src/supervisor/processes/process-usage.ts';
import type { ThreadStacks } from '../../src/supervisor/processes/thread-stacks.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { FakeClock } from './fake-clock.ts';

const NO_RECYCLING: RecyclingSettings = {
  maximumRequests: 0,
  restartIntervalMs: 0,
  inactivityTimeoutMs: 0,
  cpuTimeLimitMs: 0,
  memoryLimit: 0,
  memoryLimitHard: 0,
  jitter: 0,
};

export const SETTINGS = {
  processes: { min: 2, max: 2 },
  threads: 1,
  scaling: { upWaitMs: 50, downIntervalMs: 30_000, inactivityTimeoutMs: 300_000 },
  startupTimeoutMs: 15_000,
  gracefulTimeoutMs: 30_000,
  evictionTimeoutMs: 0,
  shutdownTimeoutMs: 5000,
  settleMs: 0,
};

/** A pool with its surroundings: what it did is kept in `told`, `signals` and `lines`. */
export class PoolSurroundings {
  readonly clock = new FakeClock();
  readonly alive = new Set<number>();
  readonly lines: string[] = [];
  /** What /proc says of each worker that is named here. */
  readonly usage = new Map<number, ProcessUsage>();
  /** What a worker that is overdue is at. */
  stacks = '';
  readonly ends: string[] = [];
  /** What workers were told before SIGTERM. */
  readonly stopReasons: string[] = [];
  memoryRoom: MemoryRoom | null = null;
  settled = 0;
  spawned = 0;
  #told: string[] = [];
  #signals: string[] = [];
  readonly pool: WorkerPool;

  constructor(
    processes: number | ProcessRange = 2,
    recycling: Partial<RecyclingSettings> = {},
    random = () => 0,
    limits: Partial<TimeLimits> = {},
  ) {
    let workersStarted = 0;
    let generations = 0;
    const effects = {
      nextNumber: () => ++workersStarted,
      nextGeneration: () => generations++,
      spawn: (worker: number, generation: number) => {
        this.spawned = worker;
        this.alive.add(worker);
        return {
          identity: { worker, token: String(worker), threads: 1, generation, ledgerPath: '' },
          pid: worker,
          label: `worker ${worker}`,
          usage: () => this.usage.get(worker) ?? null,
          takeStacks: (then: (stacks: ThreadStacks) => void) => then({ python: this.stacks, native: '' }),
          terminate: (reason: string) => {
            this.#signals.push(`TERM ${worker}`);
            this.stopReasons.push(`${worker}: ${reason}`);
          },
          kill: () => this.#signals.push(`KILL ${worker}`),
        };
      },
      tell: (message: ToApplication) => this.#told.push(briefly(message)),
      memoryRoom: () => this.memoryRoom,
      settled: () => this.settled++,
      loadFailed: () => {},
      ended: (member: Member, cause: string) =>
        this.ends.push(`${cause}; ${member.failure ?? member.reason}`),
    };
    const log = createLog('test', 'debug', (line) =>
      this.lines.push(line.replace(/^.*\[test\] /, '').trim()),
    );
    const range = typeof processes === 'number' ? { min: processes, max: processes } : processes;
    const timed = { ...SETTINGS, ...limits, processes: range };
    const settings = { ...timed, recycling: { ...NO_RECYCLING, ...recycling } };
    this.pool = new WorkerPool(settings, effects, this.clock, log, random);
  }

  /** What was told since the last call. */
  told(): string[] {
    return this.#told.splice(0);
  }

  signals(): string[] {
    return this.#signals.splice(0);
  }

  exit(worker: number, cause = 'was killed by SIGKILL'): void {
    this.alive.delete(worker);
    this.pool.workerExited(worker, cause);
  }

  fail(worker: number, traceback = 'Traceback\nImportError: no'): void {
    this.pool.workerFailed(worker, traceback);
    this.exit(worker, 'exited with status 3');
  }

  /** What the gateway reports. */
  use(worker: number, answered: number, isBusy = false): void {
    this.pool.workersUsed([{ worker, answered, isBusy }]);
  }

  /** Starts, and makes all workers ready. */
  serve(): this {
    this.pool.start();
    for (const worker of [...this.alive]) this.pool.workerReady(worker);
    this.told();
    return this;
  }
}

export function briefly(message: ToApplication): string {
  if (message.type === 'switch') return `switch +${message.activate} -${message.drain}`;
  if (message.type === 'worker-exited') return `exited ${message.worker}: ${message.cause}`;
  if (message.type === 'application-unavailable') return `unavailable: ${message.why}`;
  if (message.type === 'scale') return `scale ${message.min}:${message.max}`;
  if (message.type === 'expect-worker') return `expect ${message.identity.worker}`;
  return message.type;
}
