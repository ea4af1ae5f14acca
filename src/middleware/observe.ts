/** Has each exchange looked at once when it has ended, however it ended: for the access log, metrics and the like. */
import type { Exchange } from '../exchange.ts';
import type { Middleware, Observer } from '../handler.ts';

export function observe(observers: readonly Observer[]): Middleware {
  const [first, ...rest] = observers;
  if (first === undefined) return (next) => next;
  const all = (exchange: Exchange): void => {
    for (const observer of observers) observer(exchange);
  };
  // One function for all exchanges: none of them costs a closure.
  const onFinished = rest.length === 0 ? first : all;
  return (next) => (exchange) => {
    exchange.onFinished = onFinished;
    next(exchange);
  };
}
