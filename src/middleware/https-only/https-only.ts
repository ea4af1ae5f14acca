/**
 * `https-only`: a request that came without TLS is sent to the same address with it. 308, so that a POST stays a POST.
 * What is not a host is not repeated: who sends a request without one has no use for a redirect.
 */
import type { Middleware } from '../../handler.ts';

const HTTPS_PORT = 443;
/** A name or an address, with or without a port. */
const AUTHORITY = /^((?:\[[\da-f:.]+\])|[\w.-]+)(?::\d+)?$/i;

/** `port`: where we speak TLS. */
export function httpsOnly(port: number): Middleware {
  const suffix = port === HTTPS_PORT ? '' : `:${port}`;
  return (next) => (exchange) => {
    const { scheme, authority, target } = exchange.request;
    if (scheme === 'https') return next(exchange);
    const [, host] = AUTHORITY.exec(authority) ?? [];
    if (host === undefined) return exchange.abort(400, 'This address is served with https alone.');
    // An absolute target names the host once more.
    const path = target.startsWith('/') ? target : target.replace(/^https?:\/\/[^/?#]*/i, '') || '/';
    const location = `https://${host}${suffix}${path.startsWith('/') ? path : '/'}`;
    exchange.respond(308, ['Location', location], '');
  };
}
