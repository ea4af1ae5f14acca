/**
 * limit-requests: how often a client may ask. What comes too fast waits for its turn, up to the burst; the rest is
 * refused before it has cost more than a look into a table.
 */
import type { LimitRequestsSettings } from '../../config/sections/limit-requests.ts';
import { countsNow, REQUESTS } from '../../counted-once.ts';
import type { Exchange } from '../../exchange.ts';
import type { Handler, Middleware } from '../../handler.ts';
import type { Log } from '../../telemetry/log.ts';
import { compileLimitKey } from '../limit-key.ts';
import { RefusalReport } from '../refusal-report.ts';
import { LeakyBuckets } from './leaky-buckets.ts';

const NOT_STORED = ['Cache-Control', 'no-store'];

export function limitRequests(settings: LimitRequestsSettings, { log }: { readonly log: Log }): Middleware {
  const buckets = new LeakyBuckets(settings);
  const report = new RefusalReport((what) => log.warn('requests-limited', `${settings.place}: ${what}`));
  const keyOf = compileLimitKey(settings.key);
  const { status, dryRun } = settings;
  return (next) => (exchange) => {
    const key = keyOf(exchange);
    if (key === '' || !countsNow(exchange, REQUESTS)) return next(exchange);
    const verdict = buckets.take(key, performance.now());
    if (verdict.admitted && verdict.delayMs === 0) return next(exchange);
    report.add(`${dryRun ? 'would have ' : ''}${verdict.admitted ? 'delayed' : 'refused'}`, key);
    if (dryRun) next(exchange);
    else if (verdict.admitted) delay(exchange, verdict.delayMs, next);
    else refuse(exchange, status, verdict.retryMs);
  };
}

function refuse(exchange: Exchange, status: number, retryMs: number): void {
  const seconds = String(Math.max(1, Math.ceil(retryMs / 1_000)));
  exchange.abort(status, 'Too many requests. Try again later.', [...NOT_STORED, 'Retry-After', seconds]);
}

/** A client that goes while it waits is not served. */
function delay(exchange: Exchange, delayMs: number, next: Handler): void {
  const timer = setTimeout(() => {
    exchange.onGone = null;
    next(exchange);
  }, delayMs);
  exchange.onGone = () => clearTimeout(timer);
}
