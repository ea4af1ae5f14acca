/** One JSON object a line, ASCII only. What a request does not have is null. */
import type { Exchange } from '../../exchange.ts';
import { environValue } from '../../variables.ts';
import { loggedStatus } from './directives.ts';
import { jsonString } from './escape.ts';

export function jsonLine(exchange: Exchange): string {
  const { request, startedAtMs, durationMs, workerPid } = exchange;
  const user = environValue(exchange, 'REMOTE_USER');
  return (
    `{"time":"${new Date(startedAtMs).toISOString()}"` +
    `,"remote":${orNull(request.remoteAddress)}` +
    (user === '' ? '' : `,"user":${jsonString(user)}`) +
    `,"method":${orNull(request.method)}` +
    `,"target":${orNull(request.target)}` +
    `,"protocol":"${request.version}"` +
    `,"status":${loggedStatus(exchange)}` +
    `,"bytes":${exchange.bodyBytesSent}` +
    `,"duration_ms":${Math.round(durationMs * 1000) / 1000}` +
    `,"referer":${orNull(request.fields.joined('referer'))}` +
    `,"user_agent":${orNull(request.fields.joined('user-agent'))}` +
    `,"host":${orNull(request.authority)}` +
    `,"request_id":${orNull(exchange.id)}` +
    `,"worker_pid":${workerPid === 0 ? 'null' : workerPid}` +
    `,"outcome":"${exchange.outcome}"${trace(request.fields.get('traceparent'))}}`
  );
}

/** W3C Trace Context; only when the request has it. */
function trace(traceparent: string | null): string {
  return traceparent === null ? '' : `,"traceparent":${jsonString(traceparent)}`;
}

function orNull(text: string | null): string {
  return text === null || text === '' ? 'null' : jsonString(text);
}
