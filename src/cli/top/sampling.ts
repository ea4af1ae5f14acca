/** How fast things go, from two looks at the same server. */
import type { ServerStatus, WorkerStatus } from '../../control/protocol.ts';

export interface Sample {
  readonly atMs: number;
  readonly status: ServerStatus;
}

/** Null: not known, as after the first look, or because the process was not there before. */
export interface Rates {
  readonly requestsPerSecond: number | null;
  /** Of all processes; 100 is one core. */
  readonly cpuPercent: number | null;
}

export interface WorkerRates extends WorkerStatus, Rates {}

export function workerRates(before: Sample | null, now: Sample): WorkerRates[] {
  const seconds = secondsBetween(before, now);
  return workersOf(now).map((worker) => {
    const earlier = before && workersOf(before).find((one) => one.worker === worker.worker);
    return {
      ...worker,
      requestsPerSecond: growth(earlier?.answered, worker.answered, seconds),
      cpuPercent: percent(growth(earlier?.cpuMs, worker.cpuMs, seconds)),
    };
  });
}

export function serverRates(before: Sample | null, now: Sample, workers: readonly WorkerRates[]): Rates {
  const seconds = secondsBetween(before, now);
  const earlier = before?.status;
  const isSameGateway = earlier?.gateway.pid === now.status.gateway.pid;
  const gateway = isSameGateway ? earlier?.gateway : null;
  const supervisor = percent(growth(earlier?.cpuMs, now.status.cpuMs, seconds));
  const others = [percent(growth(gateway?.cpuMs, now.status.gateway.cpuMs, seconds))];
  for (const { cpuPercent } of workers) others.push(cpuPercent);
  return {
    requestsPerSecond: growth(gateway?.requests, now.status.gateway.requests, seconds),
    cpuPercent:
      supervisor === null ? null : others.reduce<number>((sum, one) => sum + (one ?? 0), supervisor),
  };
}

function workersOf({ status }: Sample): readonly WorkerStatus[] {
  return status.applications.flatMap(({ workers }) => workers);
}

function secondsBetween(before: Sample | null, now: Sample): number {
  return before === null ? 0 : (now.atMs - before.atMs) / 1000;
}

/** A count that has fallen was begun anew by a new gateway. */
function growth(before: number | null | undefined, now: number | null, seconds: number): number | null {
  if (before == null || now === null || now < before || seconds <= 0) return null;
  return (now - before) / seconds;
}

function percent(cpuMsPerSecond: number | null): number | null {
  return cpuMsPerSecond === null ? null : cpuMsPerSecond / 10;
}
