/** What a gateway is told for its metrics. */
import type { SupervisorReport, WorkerReport } from '../control/messages.ts';
import type { Pools } from './pools.ts';
import { readProcessUsage } from './processes/process-usage.ts';
import type { StackSurroundings } from './stack.ts';

export function supervisorReport(
  { startedAtMs, exits }: StackSurroundings,
  pools: Pools,
  gatewayPid: number | null,
): SupervisorReport {
  const workers = [...pools].flatMap(({ name, pool }) =>
    Array.from(
      pool.members,
      ({ process, state }): WorkerReport => ({
        application: name,
        worker: process.identity.worker,
        state,
        usage: process.usage(),
      }),
    ),
  );
  return {
    type: 'supervisor-report',
    startedAtMs,
    workersWanted: Object.fromEntries(pools.sizes),
    workers,
    supervisor: readProcessUsage(process.pid),
    gateway: gatewayPid === null ? null : readProcessUsage(gatewayPid),
    workerExits: exits.workerReasons,
    gatewayExits: exits.restarts.gateways,
  };
}
