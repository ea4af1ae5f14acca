/**
 * What follows sees another path, and with it routes, static files and applications. It is done once for each rule, on
 * the way down, so no rules can send a request round in a circle. The log, and the application's REQUEST_URI, keep
 * what the client asked for.
 */
import { canonicalPath, decodePath, encodePath, isBelow, pathPrefix } from '../../base/url-path.ts';
import type { RewriteSettings } from '../../config/sections/rewrite.ts';
import { derivedRequest } from '../../derived-request.ts';
import type { Exchange } from '../../exchange.ts';
import { DerivedExchange } from '../../filtered-exchange.ts';
import type { Middleware } from '../../handler.ts';
import { compilePath } from '../../url-template.ts';

/** The path, with the query if that changes too; null: it stays. */
type Rule = (exchange: Exchange) => string | null;

const DOT_SEGMENT = /\/\.\.?(\/|$)/;

export function rewrite(settings: RewriteSettings): Middleware {
  const rule = settings.to === null ? prefixRule(settings) : compilePath(settings.to)!;
  return (next) => (exchange) => {
    const target = exchange.request.path === '*' ? null : rule(canonical(exchange));
    if (target === null) return next(exchange);
    const mark = target.indexOf('?');
    const path = mark < 0 ? target : target.slice(0, mark);
    const decodedPath = decodePath(path);
    if (decodedPath === null || DOT_SEGMENT.test(decodedPath))
      return exchange.abort(400, 'The path cannot be rewritten.');
    const query = mark < 0 ? exchange.request.query : target.slice(mark + 1);
    next(new DerivedExchange(exchange, derivedRequest(exchange.request, { path, decodedPath, query })));
  };
}

/** As routes see it: dot segments must not climb out of a prefix that is put in front of them. */
function canonical(exchange: Exchange): Exchange {
  const decodedPath = canonicalPath(exchange.request.decodedPath);
  if (decodedPath === exchange.request.decodedPath) return exchange;
  const changes = { path: encodePath(decodedPath), decodedPath };
  return new DerivedExchange(exchange, derivedRequest(exchange.request, changes));
}

function prefixRule({ stripPrefix, addPrefix }: RewriteSettings): Rule {
  const strip = pathPrefix(stripPrefix ?? '/');
  const rawStrip = encodePath(strip);
  const add = encodePath(pathPrefix(addPrefix ?? '/'));
  return ({ request: { path, decodedPath } }) => {
    if (isBelow(path, rawStrip)) return add + (path.slice(rawStrip.length) || '/');
    // Escaped where it need not be.
    return isBelow(decodedPath, strip) ? add + (encodePath(decodedPath.slice(strip.length)) || '/') : null;
  };
}
