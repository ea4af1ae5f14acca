/** What a gateway is told for its metrics. */
import type { SupervisorReport } from '../control/messages.ts';
import type { WorkerPool } from './pool/worker-pool.ts';
import { readProcessUsage } from './processes/process-usage.ts';
import type { StackSurroundings } from './stack.ts';

/** `pool`: null when only files are served. */
export function supervisorReport(
  { startedAtMs, exits }: StackSurroundings,
  pool: WorkerPool | null,
  gatewayPid: number | null,
): SupervisorReport {
  const workers = Array.from(pool?.members ?? [], ({ process, state }) => ({
    worker: process.identity.worker,
    state,
    usage: process.usage(),
  }));
  return {
    type: 'supervisor-report',
    startedAtMs,
    workersWanted: pool?.scale.size ?? 0,
    workers,
    supervisor: readProcessUsage(process.pid),
    gateway: gatewayPid === null ? null : readProcessUsage(gatewayPid),
    workerExits: exits.workerReasons,
    gatewayExits: exits.restarts.gateways,
  };
}
