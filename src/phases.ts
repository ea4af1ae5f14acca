/**
 * How the time of an exchange with an application splits: in the queue, in the application, and while its answer waits
 * for the client. Valid once it has ended (`onFinished`). Requests that were answered with one write share their time
 * in the application, so these are right to about a millisecond.
 */
import type { Exchange } from './exchange.ts';

/** From the last byte of the request until a thread began with it, or until it was refused. */
export function queueMs(exchange: Exchange): number {
  const begunAt = exchange.application?.begunAt ?? 0;
  return Math.max(0, (begunAt === 0 ? exchange.endedAt : begunAt) - exchange.receivedAt);
}

/** Until the last byte of the answer has come from the application. 0 when no thread began with it. */
export function applicationMs(exchange: Exchange): number {
  const { application, endedAt } = exchange;
  if (application === null || application.begunAt === 0) return 0;
  return (application.answeredAt === 0 ? endedAt : application.answeredAt) - application.begunAt;
}

/** Until the client has taken what it was too slow for. */
export function writeMs({ application, endedAt }: Exchange): number {
  if (application === null || application.answeredAt === 0) return 0;
  return endedAt - application.answeredAt;
}
