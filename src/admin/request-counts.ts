/**
 * Counts the requests of the site: how many, how they ended, how long they took. One call at the beginning and one at
 * the end of each, without allocating anything.
 */
import type { Exchange } from '../exchange.ts';
import type { Middleware, Observer } from '../handler.ts';
import { applicationMs, queueMs, writeMs } from '../phases.ts';
import { Histogram } from './histogram.ts';

/** Whatever else clients invent is counted as one. */
export const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'other'] as const;
/** `none`: the client was gone, or timed out, before an answer began. */
export const STATUSES = ['none', '1xx', '2xx', '3xx', '4xx', '5xx'] as const;
const OTHER_METHOD = METHODS.length - 1;

export class RequestCounts {
  #begun = 0;
  #ended = 0;
  /** By method, then by class of status. */
  readonly ended = new Float64Array(METHODS.length * STATUSES.length);
  /** Requests whose answer the client did not get whole, by outcome. */
  readonly incomplete = { 'client-gone': 0, aborted: 0, 'timed-out': 0 };
  requestBodyBytes = 0;
  responseBodyBytes = 0;
  readonly duration = new Histogram();
  readonly queue = new Histogram();
  readonly application = new Histogram();
  readonly write = new Histogram();

  get begun(): number {
    return this.#begun;
  }

  get inFlight(): number {
    return this.#begun - this.#ended;
  }

  readonly begin: Middleware = (next) => (exchange) => {
    this.#begun++;
    next(exchange);
  };

  readonly end: Observer = (exchange: Exchange) => {
    this.#ended++;
    this.ended[methodIndex(exchange.request.method) * STATUSES.length + statusIndex(exchange.status)]!++;
    if (exchange.outcome !== 'complete') this.incomplete[exchange.outcome]++;
    if (exchange.body !== null) this.requestBodyBytes += exchange.body.size;
    this.responseBodyBytes += exchange.bodyBytesSent;
    this.duration.observe(exchange.durationMs / 1000);
    const { application } = exchange;
    if (application === null) return;
    this.queue.observe(queueMs(exchange) / 1000);
    if (application.begunAt === 0) return;
    this.application.observe(applicationMs(exchange) / 1000);
    this.write.observe(writeMs(exchange) / 1000);
  };
}

function methodIndex(method: string): number {
  // Nearly all requests, without a search.
  if (method === 'GET') return 0;
  const index = (METHODS as readonly string[]).indexOf(method);
  return index < 0 ? OTHER_METHOD : index;
}

function statusIndex(status: number): number {
  return Math.min(STATUSES.length - 1, Math.floor(status / 100));
}
