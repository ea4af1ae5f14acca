/**
 * A limit of its own for the request bodies of a route. A body that streams gets it before anything was read, so it may
 * also be above the server's limit; one that was collected already (HTTP/2) can only be found too large.
 */
import type { LimitRequestBodySettings } from '../../config/sections/limit-request-body.ts';
import type { Middleware } from '../../handler.ts';

export function limitRequestBody({ max }: LimitRequestBodySettings): Middleware {
  return (next) => (exchange) => {
    const { body } = exchange;
    if (body !== null && max > 0 && body.size > max)
      return exchange.abort(413, 'The request body is larger than limit-request-body.');
    if (body?.stream !== undefined) body.stream.limit = max;
    next(exchange);
  };
}
