/** slow-requests: one line of the error log for each request that took longer, with where the time went. */
import type { Exchange } from '../../exchange.ts';
import type { Observer } from '../../handler.ts';
import { applicationMs, queueMs, writeMs } from '../../phases.ts';
import type { Log } from '../../telemetry/log.ts';
import { loggedStatus } from '../access-log/directives.ts';

/** Counts from when the request was there whole: a slow upload is the client's. */
export function slowRequests(limitMs: number, log: Log): Observer {
  return (exchange) => {
    const elapsedMs = exchange.endedAt - exchange.receivedAt;
    if (elapsedMs >= limitMs) log.warn('slow-request', describe(exchange, elapsedMs));
  };
}

function describe(exchange: Exchange, elapsedMs: number): string {
  const { id, request, application } = exchange;
  const who = request.remoteAddress || 'a local client';
  const status = loggedStatus(exchange) ?? 'no answer';
  const trace = request.fields.get('traceparent');
  return (
    `[request ${id}] ${request.method} ${request.path} from ${who}: ${status} after ${seconds(elapsedMs)}` +
    (application === null ? '' : ` (${phases(exchange)})`) +
    (application?.workerName ? ` in ${application.workerName}` : '') +
    (trace === null ? '' : `, traceparent ${trace}`)
  );
}

function phases(exchange: Exchange): string {
  const parts = { queue: queueMs(exchange), application: applicationMs(exchange), write: writeMs(exchange) };
  return Object.entries(parts)
    .map(([phase, ms]) => `${phase} ${seconds(ms)}`)
    .join(', ');
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}
