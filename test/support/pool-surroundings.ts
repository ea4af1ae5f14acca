/** What surrounds a worker pool in its tests: a log, a clock, a gateway and processes, all of them pretended. */

import type { ToGateway } from '../../src/control/messages.ts';
import { WorkerPool } from '../../src/supervisor/worker-pool.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { FakeClock } from './fake-clock.ts';

export const SETTINGS = {
  processes: 2,
  startupTimeoutMs: 15_000,
  gracefulTimeoutMs: 30_000,
  shutdownTimeoutMs: 5000,
};

/** A pool with its surroundings: what it did is kept in `told`, `signals` and `lines`. */
export class PoolSurroundings {
  readonly clock = new FakeClock();
  readonly alive = new Set<number>();
  readonly lines: string[] = [];
  settled = 0;
  spawned = 0;
  #told: string[] = [];
  #signals: string[] = [];
  readonly pool: WorkerPool;

  constructor(processes = 2) {
    const effects = {
      spawn: (worker: number) => {
        this.spawned = worker;
        this.alive.add(worker);
        return {
          identity: { worker, token: String(worker), threads: 1, ledgerPath: '' },
          label: `worker ${worker}`,
          terminate: () => this.#signals.push(`TERM ${worker}`),
          kill: () => this.#signals.push(`KILL ${worker}`),
        };
      },
      tell: (message: ToGateway) => this.#told.push(briefly(message)),
      settled: () => this.settled++,
    };
    const log = createLog('test', 'debug', (line) =>
      this.lines.push(line.replace(/^.*\[test\] /, '').trim()),
    );
    this.pool = new WorkerPool({ ...SETTINGS, processes }, effects, this.clock, log, () => 0);
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

  /** Starts, and makes all workers ready. */
  serve(): this {
    this.pool.start();
    for (const worker of [...this.alive]) this.pool.workerReady(worker);
    this.told();
    return this;
  }
}

export function briefly(message: ToGateway): string {
  if (message.type === 'switch') return `switch +${message.activate} -${message.drain}`;
  if (message.type === 'worker-exited') return `exited ${message.worker}: ${message.cause}`;
  if (message.type === 'application-unavailable') return `unavailable: ${message.why}`;
  if (message.type === 'expect-worker') return `expect ${message.identity.worker}`;
  return message.type;
}
