/** What `vivarium status` shows, put together from what the supervisor knows and what the gateway has reported. */
import type { ApplicationSettings } from '../../config/configuration.ts';
import type { GatewayReport } from '../../control/messages.ts';
import type { ApplicationStatus, GatewayStatus, ServerStatus, WorkerStatus } from '../../control/protocol.ts';
import type { Member } from '../pool/pool-member.ts';
import type { WorkerPool } from '../pool/worker-pool.ts';
import { readProcessUsage } from '../processes/process-usage.ts';

export function gatewayStatus(pid: number | null, report: GatewayReport | null): GatewayStatus {
  const usage = pid === null ? null : readProcessUsage(pid);
  return {
    pid,
    residentBytes: usage?.residentBytes ?? null,
    cpuMs: usage?.cpuMs ?? null,
    connections: report?.connections ?? null,
    requests: report?.requests ?? null,
  };
}

export function applicationStatus(
  { name, target, isDropIn, interpreterVersion, threads }: ApplicationSettings,
  pool: Pick<WorkerPool, 'members' | 'scale' | 'unavailable'>,
  report: GatewayReport | null,
): ApplicationStatus {
  return {
    name,
    isDropIn,
    python: target.kind === 'command' ? null : interpreterVersion,
    processes: pool.scale.size,
    processesMin: pool.scale.min,
    processesMax: pool.scale.max,
    threads,
    queued: report?.queued[name] ?? null,
    unavailable: pool.unavailable,
    workers: Array.from(pool.members, (member) => workerStatus(name, member, report)),
  };
}

/** What keeps requests from being answered. */
export function problemsOf(
  state: ServerStatus['state'],
  gateway: GatewayStatus,
  applications: readonly ApplicationStatus[],
): string[] {
  const problems: string[] = [];
  if (state !== 'serving') problems.push(`the server is ${state}`);
  if (gateway.pid === null) problems.push('there is no gateway');
  else if (gateway.connections === null) problems.push('the gateway does not answer');
  for (const { name, isDropIn, unavailable, processes, workers } of applications) {
    if (isDropIn) continue;
    if (unavailable !== null) problems.push(`the application ${name} is not available: ${unavailable}`);
    else if (processes > 0 && !workers.some((worker) => worker.state === 'active'))
      problems.push(`the application ${name} has no worker that is ready`);
  }
  return problems;
}

function workerStatus(
  application: string,
  { process, state, ageMs }: Member,
  report: GatewayReport | null,
): WorkerStatus {
  const { worker } = process.identity;
  const usage = process.usage();
  const load = report?.workers.find((one) => one.worker === worker);
  return {
    application,
    worker,
    pid: process.pid,
    state,
    ageMs: Math.round(ageMs),
    residentBytes: usage?.residentBytes ?? null,
    cpuMs: usage?.cpuMs ?? null,
    answered: load?.answered ?? null,
    inFlight: load?.inFlight ?? null,
  };
}
