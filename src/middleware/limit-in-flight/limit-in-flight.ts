/** limit-in-flight: how many requests of a client may be under way at the same time. */
import type { LimitInFlightSettings } from '../../config/sections/limit-in-flight.ts';
import { countsNow, IN_FLIGHT } from '../../counted-once.ts';
import type { Middleware } from '../../handler.ts';
import type { Log } from '../../telemetry/log.ts';
import { compileLimitKey } from '../limit-key.ts';
import { RefusalReport } from '../refusal-report.ts';

const FIELDS = ['Cache-Control', 'no-store', 'Retry-After', '1'];

export function limitInFlight(settings: LimitInFlightSettings, { log }: { readonly log: Log }): Middleware {
  /** Only of keys that have some: the table cannot outgrow the requests themselves. */
  const inFlight = new Map<string, number>();
  const report = new RefusalReport((what) => log.warn('requests-limited', `${settings.place}: ${what}`));
  const keyOf = compileLimitKey(settings.key);
  const { max, status, dryRun } = settings;
  const release = (key: string) => {
    const left = inFlight.get(key)! - 1;
    if (left === 0) inFlight.delete(key);
    else inFlight.set(key, left);
  };
  return (next) => (exchange) => {
    const key = keyOf(exchange);
    if (key === '' || !countsNow(exchange, IN_FLIGHT)) return next(exchange);
    const before = inFlight.get(key) ?? 0;
    if (before >= max) {
      report.add(dryRun ? 'would have refused' : 'refused', key);
      if (!dryRun) return exchange.abort(status, 'Too many requests at the same time.', FIELDS);
    }
    inFlight.set(key, before + 1);
    const { onFinished } = exchange;
    exchange.onFinished = (ended) => {
      release(key);
      onFinished?.(ended);
    };
    next(exchange);
  };
}
