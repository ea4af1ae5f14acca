/** What a request meets before it comes to any site. */
import type { Configuration } from '../config/configuration.ts';
import type { InheritedListener } from '../control/messages.ts';
import type { Middleware } from '../handler.ts';
import { acmeChallenge } from '../middleware/acme-challenge/acme-challenge.ts';
import { clientCertificateBelow } from '../middleware/client-certificate/client-certificate.ts';
import { httpsOnly } from '../middleware/https-only/https-only.ts';
import type { Credentials } from '../tls/credentials.ts';

/** `credentials`: null where no listener speaks TLS. */
export function makeEntrance(
  { http, tls }: Configuration,
  listeners: readonly InheritedListener[],
  credentials: Credentials | null,
): Middleware {
  const port = http.httpsOnly ? (http.httpsPublicPort ?? httpsPort(listeners)) : null;
  const parts: Middleware[] = [];
  if (tls?.acme && credentials !== null)
    parts.push(acmeChallenge((token) => credentials.httpChallenge(token)));
  if (port !== null) parts.push(httpsOnly(port));
  if (tls !== null && tls.clientVerifyUrls.length > 0)
    parts.push(clientCertificateBelow(tls.clientVerifyUrls));
  if (tls?.environment) parts.push(sslEnvironment);
  return (next) => parts.reduceRight((handler, part) => part(handler), next);
}

/** `ssl-environment`: mod_ssl's variables for applications. */
const sslEnvironment: Middleware = (next) => (exchange) => {
  const { tls } = exchange.request;
  if (tls !== null) exchange.environ = [...(exchange.environ ?? []), ...tls.variables];
  next(exchange);
};

/** Of the first listener that clients can be sent to; null when there is none. */
function httpsPort(listeners: readonly InheritedListener[]): number | null {
  const found = listeners.find(({ tls, path, role }) => tls && path === null && role === 'site');
  return found === undefined ? null : Number(new URL(found.url).port || 443);
}
