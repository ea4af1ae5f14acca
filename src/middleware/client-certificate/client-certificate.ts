/**
 * client-certificate, and ssl-verify-client for URL paths: a client needs a certificate. It was asked for one in the
 * handshake, and without renegotiation, which TLS 1.3 has given up, it cannot be asked again: so it is told, with 403.
 */
import { compilePattern } from '../../base/pattern.ts';
import { canonicalPath, isBelow, pathPrefix } from '../../base/url-path.ts';
import type { ClientCertificateSettings } from '../../config/sections/client-certificate.ts';
import type { Request, TlsSession } from '../../exchange.ts';
import type { Middleware } from '../../handler.ts';
import { hostOf } from '../../variables.ts';

export function clientCertificate({
  commonNames,
}: Pick<ClientCertificateSettings, 'commonNames'>): Middleware {
  const patterns = commonNames.map((name) => compilePattern(name)!);
  return (next) => (exchange) => {
    const { request } = exchange;
    if (request.tls === null)
      return exchange.abort(403, 'This address needs HTTPS and a client certificate.');
    if (!request.tls.hasVerifiedClient) {
      // Browsers share a connection between hosts; on one for this host they would have been asked.
      if (isOfOtherHost(request, request.tls))
        return exchange.abort(421, 'This address needs a connection of its own.');
      return exchange.abort(403, whyNot(request.tls));
    }
    const name = variableOf(request.tls, 'SSL_CLIENT_S_DN_CN');
    if (patterns.length === 0 || patterns.some((matches) => matches(name) !== null)) return next(exchange);
    exchange.abort(403, 'Your client certificate is not for this address.');
  };
}

/** Below these URL paths. */
export function clientCertificateBelow(urls: readonly string[]): Middleware {
  const prefixes = urls.map(pathPrefix);
  const guard = clientCertificate({ commonNames: [] });
  return (next) => {
    const guarded = guard(next);
    return (exchange) => {
      const path = canonicalPath(exchange.request.decodedPath);
      if (prefixes.some((prefix) => isBelow(path, prefix))) guarded(exchange);
      else next(exchange);
    };
  };
}

function isOfOtherHost({ authority }: Request, tls: TlsSession): boolean {
  const serverName = variableOf(tls, 'SSL_TLS_SNI');
  return serverName !== '' && serverName.toLowerCase() !== hostOf(authority);
}

function whyNot(tls: TlsSession): string {
  const verdict = variableOf(tls, 'SSL_CLIENT_VERIFY');
  if (!verdict.startsWith('FAILED:')) return 'This address needs a client certificate.';
  return `Your client certificate is not accepted: ${verdict.slice('FAILED:'.length)}.`;
}

/** '' when it is not there. */
function variableOf({ variables }: TlsSession, name: string): string {
  for (let i = 0; i < variables.length; i += 2) if (variables[i] === name) return variables[i + 1]!;
  return '';
}
