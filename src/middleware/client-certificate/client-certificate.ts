/**
 * `ssl-verify-client`: below these URL paths a client needs a certificate. It was asked for one in the handshake, and
 * without renegotiation, which TLS 1.3 has given up, it cannot be asked again: so it is told, with 403.
 */
import { canonicalPath, isBelow, pathPrefix } from '../../base/url-path.ts';
import type { Middleware } from '../../handler.ts';

export function clientCertificate(urls: readonly string[]): Middleware {
  const prefixes = urls.map(pathPrefix);
  return (next) => (exchange) => {
    const { tls, decodedPath } = exchange.request;
    const path = canonicalPath(decodedPath);
    if (tls?.hasVerifiedClient === true || !prefixes.some((prefix) => isBelow(path, prefix))) next(exchange);
    else exchange.abort(403, 'This address needs a client certificate.');
  };
}
