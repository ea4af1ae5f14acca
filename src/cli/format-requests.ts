/** Requests in flight as text for people. */

import { count, duration } from '../base/units.ts';
import type { RequestInFlight, RequestsInFlight } from '../control/messages.ts';
import { withApplication } from './application-column.ts';
import { printable } from './control-command.ts';
import { type Column, formatTable } from './table.ts';

export const REQUEST_COLUMNS: readonly Column<RequestInFlight>[] = [
  { title: 'AGE', value: ({ ageMs }) => duration(ageMs) },
  { title: 'PHASE', value: ({ phase }) => phase, isText: true },
  { title: 'WORKER', value: ({ worker }) => count(worker) },
  { title: 'PID', value: ({ pid }) => count(pid) },
  { title: 'CLIENT', value: ({ client }) => client || 'unix', isText: true },
  { title: 'ID', value: ({ id }) => id, isText: true },
  { title: 'REQUEST', value: ({ method, target }) => printable(`${method} ${target}`), isText: true },
];

export function formatRequests({ total, oldest }: RequestsInFlight, withStacks: boolean): string {
  if (total === 0) return 'There are no requests in flight.\n';
  const areSeveral = oldest.some(({ application }) => application !== oldest[0]!.application);
  const [head, ...lines] = formatTable(withApplication(REQUEST_COLUMNS, areSeveral), oldest);
  const entries = lines.map((line, at) =>
    withStacks ? `${line}\n${formatStack(oldest[at]!)}` : `${line}\n`,
  );
  const rest = total - oldest.length;
  return [`${head}\n`, ...entries, ...(rest > 0 ? [`… ${rest} more\n`] : [])].join('');
}

function formatStack({ stack, phase }: RequestInFlight): string {
  if (stack === null) return phase === 'queued' ? '' : '    (its worker did not say where it is)\n';
  return `${printable(stack).trimEnd().replace(/^/gm, '    ')}\n`;
}
