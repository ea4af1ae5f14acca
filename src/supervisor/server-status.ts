/** What `vivarium status` shows, put together from what the supervisor knows and what the gateway has reported. */
import type { GatewayReport } from '../control/messages.ts';
import type { ApplicationStatus, GatewayStatus, WorkerStatus } from '../control/protocol.ts';
import type { Member } from './pool-member.ts';
import { readProcessUsage } from './process-usage.ts';

export function gatewayStatus(pid: number | null, report: GatewayReport | null): GatewayStatus {
  const usage = pid === null ? null : readProcessUsage(pid);
  return {
    pid,
    residentBytes: usage?.residentBytes ?? null,
    cpuMs: usage?.cpuMs ?? null,
    connections: report?.connections ?? null,
  };
}

export function applicationStatus(
  settings: { readonly name: string; readonly processes: number; readonly threads: number },
  pool: { readonly members: Iterable<Member>; readonly unavailable: string | null },
  report: GatewayReport | null,
): ApplicationStatus {
  const { name, processes, threads } = settings;
  return {
    name,
    processes,
    threads,
    queued: report?.queued ?? null,
    unavailable: pool.unavailable,
    workers: Array.from(pool.members, (member) => workerStatus(member, report)),
  };
}

function workerStatus({ process, state, ageMs }: Member, report: GatewayReport | null): WorkerStatus {
  const { worker } = process.identity;
  const usage = process.usage();
  const load = report?.workers.find((one) => one.worker === worker);
  return {
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
