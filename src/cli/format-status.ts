/** The status of a server as text for people. */

import { count, cpuSeconds, duration, memory } from '../base/units.ts';
import type { ApplicationStatus, ProcessExit, ServerStatus, WorkerStatus } from '../control/protocol.ts';
import { withApplication } from './application-column.ts';
import { printable } from './control-command.ts';
import { type Column, formatTable } from './table.ts';
import { styled, type Terminal } from './terminal.ts';

type Row = readonly [label: string, value: string];

export function formatStatus(status: ServerStatus, terminal: Terminal): string {
  const { applications, exits } = status;
  const only = applications.length === 1 ? applications[0]! : null;
  const rows = [...serverRows(status, only), ...(only === null ? [] : applicationRows(only))];
  const width = Math.max(...rows.map(([label]) => label.length));
  const head = rows.map(([label, value]) => `${label.padEnd(width)} : ${printable(value)}\n`).join('');
  const section = (title: string, text: string) => `\n${styled(terminal, 'bold', title)}\n${text}`;
  return [
    head,
    ...(applications.length > 1 ? [section('Applications', formatApplications(applications))] : []),
    ...(applications.length === 0 ? [] : [section('Workers', formatWorkers(applications))]),
    ...(exits.length === 0 ? [] : [section('Last exits', exits.map(formatExit).join(''))]),
  ].join('');
}

/** `only`: the application, where there is one. */
function serverRows(status: ServerStatus, only: ApplicationStatus | null): Row[] {
  const { gateway, restarts, versions } = status;
  const python = only === null || only.python === null ? '' : `, Python ${only.python}`;
  return [
    ...status.urls.map((url): Row => ['Server URL', url]),
    ['Server Root', status.serverRoot],
    ['State', `${status.state} for ${duration(status.uptimeMs)}`],
    ...status.problems.map((problem): Row => ['Problem', problem]),
    ['Versions', `vivarium ${versions.vivarium}, Node.js ${versions.node}${python}`],
    ['Supervisor', formatProcess(status)],
    ['Gateway', gateway.pid === null ? 'none' : formatProcess({ ...gateway, pid: gateway.pid })],
    ['Memory', formatMemory(status)],
    ['Connections', count(gateway.connections)],
    ['Requests', `${count(gateway.requests)} since the gateway was started`],
    ['Ended Unasked', `workers ${restarts.workers}, gateways ${restarts.gateways}`],
  ];
}

function applicationRows(application: ApplicationStatus): Row[] {
  const { name, python, processes, processesMin, processesMax, threads, queued } = application;
  const each = python === null ? 'connections' : 'threads';
  const range = processesMin === processesMax ? '' : `, from ${processesMin} to ${processesMax} as needed`;
  return [
    ['Application', name],
    ['Request Capacity', `${processes * threads} (${processes} processes * ${threads} ${each}${range})`],
    ['In Flight', count(inFlight(application))],
    ['Queue', `${count(queued)} waiting`],
  ];
}

function inFlight({ workers }: ApplicationStatus): number {
  return sum(workers.map((worker) => worker.inFlight ?? 0));
}

function formatProcess(one: { pid: number; residentBytes: number | null; cpuMs: number | null }): string {
  const cpu = one.cpuMs === null ? '' : `, ${cpuSeconds(one.cpuMs)} CPU`;
  return `pid ${one.pid}, ${memory(one.residentBytes)}${cpu}`;
}

/** Pages that processes share are counted in each of them, as everywhere where resident memory is added up. */
function formatMemory({ residentBytes, gateway, applications }: ServerStatus): string {
  const all = [
    residentBytes,
    gateway.residentBytes,
    ...applications.flatMap(({ workers }) => workers.map((worker) => worker.residentBytes)),
  ];
  const known = all.filter((bytes) => bytes !== null);
  return known.length === 0 ? memory(null) : `${memory(sum(known))} in ${known.length} processes`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

const COLUMNS: readonly Column<WorkerStatus>[] = [
  { title: 'WORKER', value: ({ worker }) => String(worker) },
  { title: 'PID', value: ({ pid }) => count(pid) },
  { title: 'STATE', value: ({ state }) => state, isText: true },
  { title: 'AGE', value: ({ ageMs }) => duration(ageMs) },
  { title: 'MEMORY', value: ({ residentBytes }) => memory(residentBytes) },
  { title: 'CPU', value: ({ cpuMs }) => cpuSeconds(cpuMs) },
  { title: 'ANSWERED', value: ({ answered }) => count(answered) },
  { title: 'IN FLIGHT', value: ({ inFlight }) => count(inFlight) },
];

export function formatWorkers(applications: readonly ApplicationStatus[]): string {
  const workers = applications.flatMap((application) => application.workers);
  if (workers.length === 0) return 'There are no workers.\n';
  return linesOf(formatTable(withApplication(COLUMNS, applications.length > 1), workers));
}

const APPLICATION_COLUMNS: readonly Column<ApplicationStatus>[] = [
  { title: 'APPLICATION', value: ({ name }) => printable(name), isText: true },
  { title: 'PYTHON', value: ({ python }) => python ?? '–', isText: true },
  { title: 'PROCESSES', value: ({ processes }) => String(processes) },
  { title: 'MIN', value: ({ processesMin }) => String(processesMin) },
  { title: 'MAX', value: ({ processesMax }) => String(processesMax) },
  { title: 'THREADS', value: ({ python, threads }) => count(python === null ? null : threads) },
  { title: 'IN FLIGHT', value: (application) => count(inFlight(application)) },
  { title: 'WAITING', value: ({ queued }) => count(queued) },
];

function formatApplications(applications: readonly ApplicationStatus[]): string {
  return linesOf(formatTable(APPLICATION_COLUMNS, applications));
}

function linesOf(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}

function formatExit({ at, process, cause, reason }: ProcessExit): string {
  const because = reason === null || reason === cause ? '' : `; it ${reason}`;
  return `${at}  ${printable(`${process} ${cause}${because}`)}\n`;
}
