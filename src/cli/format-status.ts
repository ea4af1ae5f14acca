/** The status of a server as text for people. */
import type { ApplicationStatus, ProcessExit, ServerStatus, WorkerStatus } from '../control/protocol.ts';
import { printable } from './control-command.ts';
import { styled, type Terminal } from './terminal.ts';

const UNKNOWN = '–';

export function formatStatus(status: ServerStatus, terminal: Terminal): string {
  const { application, gateway, restarts, exits } = status;
  const cpu = gateway.cpuMs === null ? '' : `, ${cpuSeconds(gateway.cpuMs)} CPU`;
  const rows: [label: string, value: string][] = [
    ...status.urls.map((url): [string, string] => ['Server URL', url]),
    ['Server Root', status.serverRoot],
    [
      'State',
      `${status.state} for ${duration(status.uptimeMs)} (vivarium ${status.version}, pid ${status.pid})`,
    ],
    ['Gateway', gateway.pid === null ? 'none' : `pid ${gateway.pid}, ${memory(gateway.residentBytes)}${cpu}`],
    ['Connections', count(gateway.connections)],
    ...(application === null ? [] : applicationRows(application)),
    ['Ended Unasked', `workers ${restarts.workers}, gateways ${restarts.gateways}`],
  ];
  const width = Math.max(...rows.map(([label]) => label.length));
  const head = rows.map(([label, value]) => `${label.padEnd(width)} : ${printable(value)}\n`).join('');
  const section = (title: string, text: string) => `\n${styled(terminal, 'bold', title)}\n${text}`;
  return [
    head,
    ...(application === null ? [] : [section('Workers', formatWorkers(application.workers))]),
    ...(exits.length === 0 ? [] : [section('Last exits', exits.map(formatExit).join(''))]),
  ].join('');
}

function applicationRows({ processes, threads, queued, unavailable }: ApplicationStatus): [string, string][] {
  return [
    ['Request Capacity', `${processes * threads} (${processes} processes * ${threads} threads)`],
    ['Queue', `${count(queued)} waiting`],
    ...(unavailable === null ? [] : [['Unavailable', unavailable] as [string, string]]),
  ];
}

const COLUMNS: readonly [title: string, value: (worker: WorkerStatus) => string][] = [
  ['WORKER', ({ worker }) => String(worker)],
  ['PID', ({ pid }) => count(pid)],
  ['STATE', ({ state }) => state],
  ['AGE', ({ ageMs }) => duration(ageMs)],
  ['MEMORY', ({ residentBytes }) => memory(residentBytes)],
  ['CPU', ({ cpuMs }) => (cpuMs === null ? UNKNOWN : cpuSeconds(cpuMs))],
  ['ANSWERED', ({ answered }) => count(answered)],
  ['IN FLIGHT', ({ inFlight }) => count(inFlight)],
];

export function formatWorkers(workers: readonly WorkerStatus[]): string {
  if (workers.length === 0) return 'There are no workers.\n';
  const rows = [
    COLUMNS.map(([title]) => title),
    ...workers.map((worker) => COLUMNS.map(([, value]) => value(worker))),
  ];
  const widths = COLUMNS.map((_, at) => Math.max(...rows.map((row) => row[at]!.length)));
  return rows.map((row) => `${row.map((cell, at) => cell.padStart(widths[at]!)).join('  ')}\n`).join('');
}

function formatExit({ at, process, cause, reason }: ProcessExit): string {
  const because = reason === null || reason === cause ? '' : `; it ${reason}`;
  return `${at}  ${printable(`${process} ${cause}${because}`)}\n`;
}

/** "4.2s", "3m12s", "5h07m", "12d03h". */
export function duration(ms: number): string {
  const two = (n: number) => String(n).padStart(2, '0');
  const seconds = Math.floor(ms / 1000);
  const [minutes, hours, days] = [60, 3600, 86_400].map((unit) => Math.floor(seconds / unit));
  if (seconds < 10) return `${(Math.floor(ms / 100) / 10).toFixed(1)}s`;
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${minutes}m${two(seconds % 60)}s`;
  if (seconds < 86_400) return `${hours}h${two(minutes! % 60)}m`;
  return `${days}d${two(hours! % 24)}h`;
}

function memory(bytes: number | null): string {
  return bytes === null ? UNKNOWN : `${(bytes / 1_048_576).toFixed(1)}M`;
}

function cpuSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)}s`;
}

function count(value: number | null): string {
  return value === null ? UNKNOWN : String(value);
}
