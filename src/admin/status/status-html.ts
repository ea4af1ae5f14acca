/** The status page for people: light or dark as the reader likes it, and without a script. */
import { createHash } from 'node:crypto';
import { escapeHtml } from '../../base/escape-html.ts';
import { count, cpuSeconds, duration, memory, rate } from '../../base/units.ts';
import type { StatusReport } from './status-report.ts';

const STYLE = `
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 25%, transparent) }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem; margin: 0 }
h2 { font-size: 1.125rem; margin: 2rem 0 .5rem }
.quiet { opacity: .7 }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(11rem, 1fr)); gap: .75rem; margin: 1rem 0 }
dl div { border: 1px solid var(--line); border-radius: 6px; padding: .5rem .75rem }
dt { font-size: .875rem; opacity: .7 }
dd { margin: 0; font-size: 1.25rem; font-variant-numeric: tabular-nums }
.wide { overflow-x: auto }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
th, td { padding: .3rem .5rem; text-align: left; border-bottom: 1px solid var(--line); white-space: nowrap }
th { font-weight: 600 }
.target { white-space: normal; overflow-wrap: anywhere; width: 100% }
`;

/** Whatever a target may smuggle in, nothing is run and nothing is loaded. */
export const STATUS_POLICY = `default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'sha256-${createHash(
  'sha256',
)
  .update(STYLE)
  .digest('base64')}'`;

export function statusHtml(report: StatusReport): string {
  const { requests, connections, now, startedAt, countingSince, gateway } = report;
  const counted = duration(now - countingSince);
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Status</title>
<style>${STYLE}</style>
<h1>Status</h1>
<p class="quiet">vivarium ${report.version}, running for ${startedAt === null ? counted : duration(now - startedAt)}; counted
for ${counted}; at ${new Date(now).toISOString()}</p>
${figures([
  [
    'Requests per second',
    requests.perSecond.map((value) => rate(value)).join(' · '),
    'last second, 10 s, minute',
  ],
  ['Requests', count(requests.total), ''],
  ['In flight', count(requests.inFlight), ''],
  ['Connections', count(connections.open), `${connections.turnedAway} turned away`],
  ...Object.entries(requests.byStatus)
    .filter(([status, value]) => value > 0 || /^[2-5]/.test(status))
    .map(([status, value]) => [`Status ${status}`, count(value), ''] as const),
  ['Sent', memory(requests.responseBodyBytes), ''],
  ['Received', memory(requests.requestBodyBytes), ''],
  [
    'Memory of the gateway',
    memory(gateway?.residentBytes ?? null),
    `${cpuSeconds(gateway?.cpuMs ?? null)} CPU`,
  ],
])}
${[...report.applications.map(applicationTable), ...report.upstreams.map(upstreamTable)].join('\n')}
<h2>Requests in flight</h2>
${requestTable(report)}
</html>
`;
}

function figures(all: readonly (readonly [name: string, value: string, note: string])[]): string {
  const items = all.map(
    ([name, value, note]) =>
      `<div><dt>${name}</dt><dd>${value}</dd>${note === '' ? '' : `<span class="quiet">${note}</span>`}</div>`,
  );
  return `<dl>\n${items.join('\n')}\n</dl>`;
}

type Cell = string | number;

function applicationTable({
  name,
  queued,
  unavailable,
  workers,
}: StatusReport['applications'][number]): string {
  const head = ['Worker', 'Pid', 'State', 'In flight', 'Threads', 'Answered', 'Memory', 'CPU'];
  const rows = workers.map(({ worker, pid, state, inFlight, threads, answered, usage }): Cell[] => [
    worker,
    pid,
    state,
    inFlight,
    threads,
    answered,
    memory(usage?.residentBytes ?? null),
    cpuSeconds(usage?.cpuMs ?? null),
  ]);
  const trouble = unavailable === null ? '' : `<p>It cannot be loaded: ${escapeHtml(unavailable)}</p>\n`;
  return `<h2>${escapeHtml(name)} <span class="quiet">${queued} queued</span></h2>\n${trouble}${table(head, rows)}`;
}

function upstreamTable({ upstream, queued, servers }: StatusReport['upstreams'][number]): string {
  const head = ['Server', 'State', 'Weight', 'In flight', 'Requests', 'Failed', 'Idle connections'];
  const rows = servers.map(
    ({ server, state, isBackup, weight, busy, requests, failures, idleConnections }): Cell[] => [
      server,
      isBackup ? `${state}, backup` : state,
      weight,
      busy,
      requests,
      failures,
      idleConnections,
    ],
  );
  return `<h2>${escapeHtml(upstream)} <span class="quiet">upstream, ${queued} queued</span></h2>\n${table(head, rows)}`;
}

function requestTable({ inFlight }: StatusReport): string {
  if (inFlight.length === 0) return '<p class="quiet">None.</p>';
  const head = ['Age', 'Phase', 'Worker', 'Client', 'Application', 'Method', 'Target'];
  const rows = inFlight.map(({ ageMs, phase, worker, client, application, method, target }): Cell[] => [
    duration(ageMs),
    phase,
    worker ?? '–',
    client || 'local',
    application,
    method,
    target,
  ]);
  return table(head, rows);
}

function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const cell = (value: Cell, column: number): string => {
    const kind = head[column] === 'Target' ? ' class="target"' : '';
    return `<td${kind}>${escapeHtml(String(value))}</td>`;
  };
  const lines = rows.map((row) => `<tr>${row.map(cell).join('')}</tr>`);
  const titles = head.map((title) => `<th>${title}</th>`).join('');
  return `<div class="wide"><table><thead><tr>${titles}</tr></thead><tbody>\n${lines.join('\n')}\n</tbody></table></div>`;
}
