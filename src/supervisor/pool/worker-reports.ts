/** Passes what a gateway says of workers on to their pool. */
import type { FromApplication } from '../../control/messages.ts';
import type { Log } from '../../telemetry/log.ts';
import { reportDeadlock } from './life-report.ts';
import { EVICTION } from './pool-member.ts';
import type { WorkerPool } from './worker-pool.ts';

export function passOn(message: FromApplication, pool: WorkerPool, log: Log): void {
  switch (message.type) {
    case 'worker-ready':
      pool.workerReady(message.worker);
      break;
    case 'worker-failed':
      pool.workerFailed(message.worker, message.traceback);
      break;
    case 'worker-drained':
      pool.workerDrained(message.worker);
      break;
    case 'worker-stopping':
      pool.workerStopping(message.worker);
      break;
    case 'worker-evicted':
      pool.workerStuck(message.worker, 'it was told to go by SIGUSR1', EVICTION);
      break;
    case 'worker-broken':
      pool.workerBroken(message.worker, message.why);
      break;
    case 'worker-stuck':
      pool.workerStuck(message.worker, message.why);
      break;
    case 'worker-deadlocked':
      onDeadlocked(message.worker, message.why, pool, log);
      break;
    case 'worker-usage':
      pool.workersUsed(message.usage);
      break;
    case 'demand':
      pool.demanded(message);
      break;
  }
}

/** The replacement is ready first, as for any other worker. */
function onDeadlocked(worker: number, why: string, pool: WorkerPool, log: Log): void {
  const member = [...pool.members].find(({ process }) => process.identity.worker === worker);
  if (member !== undefined)
    reportDeadlock(log, member, why, () => pool.workerStuck(worker, `it ${why}`, 'deadlock_timeout'));
}
