/**
 * The status page as lines of text. The first ones are those of Apache's `server-status?auto`, which programs that watch
 * servers know how to read; threads stand where Apache has workers.
 */
import { duration, memory } from '../../base/units.ts';
import type { StatusReport } from './status-report.ts';

const IDLE = '_';
const BUSY = 'W';

/** `isWhole`: false for programs, which read nothing but `name: value`. */
export function statusText(report: StatusReport, isWhole: boolean): string {
  const { requests, connections, now, countingSince } = report;
  const uptimeSeconds = Math.max(1, Math.round((now - (report.startedAt ?? countingSince)) / 1000));
  const countedSeconds = Math.max(1, (now - countingSince) / 1000);
  const workers = report.applications.flatMap((application) => application.workers);
  const threads = workers.reduce((sum, worker) => sum + worker.threads, 0);
  const busy = workers.reduce((sum, worker) => sum + Math.min(worker.inFlight, worker.threads), 0);
  const lines = [
    `ServerVersion: vivarium/${report.version}`,
    `Total Accesses: ${requests.total}`,
    `Total kBytes: ${Math.round(requests.responseBodyBytes / 1024)}`,
    `Uptime: ${uptimeSeconds}`,
    `ReqPerSec: ${figure(requests.total / countedSeconds)}`,
    `BytesPerSec: ${figure(requests.responseBodyBytes / countedSeconds)}`,
    `BytesPerReq: ${figure(requests.responseBodyBytes / Math.max(1, requests.total))}`,
    `BusyWorkers: ${busy}`,
    `IdleWorkers: ${threads - busy}`,
    `ConnsTotal: ${connections.open}`,
    `Requests In Flight: ${requests.inFlight}`,
    `Requests Queued: ${report.applications.reduce((sum, { queued }) => sum + queued, 0)}`,
    `ReqPerSec1s: ${figure(requests.perSecond[0]!)}`,
    `ReqPerSec10s: ${figure(requests.perSecond[1]!)}`,
    `ReqPerSec60s: ${figure(requests.perSecond[2]!)}`,
    ...Object.entries(requests.byStatus).map(([status, count]) => `Responses ${status}: ${count}`),
    `Scoreboard: ${workers.map((worker) => board(worker.inFlight, worker.threads)).join('')}`,
  ];
  return [...lines, ...(isWhole ? details(report) : []), ''].join('\n');
}

function details({ applications, upstreams, inFlight }: StatusReport): string[] {
  const workers = applications.flatMap(({ name, queued, unavailable, workers }) => [
    '',
    `${name}: ${queued} queued${unavailable === null ? '' : `; cannot be loaded: ${unavailable}`}`,
    ...workers.map(
      ({ worker, pid, state, inFlight, threads, answered, usage }) =>
        `  worker ${worker} (pid ${pid}) ${state}: ${inFlight} in flight on ${threads} threads, ` +
        `${answered} answered, ${memory(usage?.residentBytes ?? null)}`,
    ),
  ]);
  const servers = upstreams.flatMap(({ upstream, queued, servers }) => [
    '',
    `upstream ${printable(upstream)}: ${queued} queued`,
    ...servers.map(
      ({ server, state, isBackup, busy, requests, failures }) =>
        `  ${printable(server)} ${state}${isBackup ? ' (backup)' : ''}: ${busy} in flight, ${requests} requests, ${failures} failed`,
    ),
  ]);
  const requests = inFlight.map(
    ({ ageMs, phase, method, target, client, worker }) =>
      `  ${duration(ageMs)} ${phase}${worker === null ? '' : ` in worker ${worker}`}: ${method} ${printable(target)} from ${client || 'a local client'}`,
  );
  return [...workers, ...servers, ...(requests.length === 0 ? [] : ['', 'in flight:', ...requests])];
}

function board(inFlight: number, threads: number): string {
  const busy = Math.min(inFlight, threads);
  return BUSY.repeat(busy) + IDLE.repeat(threads - busy);
}

function figure(value: number): string {
  return String(Math.round(value * 1000) / 1000);
}

function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?');
}
