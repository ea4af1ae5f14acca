/**
 * The request that is sent to whoever decides: a GET without a body, with the fields of the client's request and, as
 * Traefik and Caddy have them, X-Forwarded-Method, -Proto, -Host, -Uri and -For. What the client has sent under these
 * names is not passed on.
 */
import type { Request } from '../../exchange.ts';

const NOT_ASKED =
  /^(host|connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|content-.*|expect|if-.*|range|x-forwarded-(method|proto|host|uri|for)|http2-settings)$/;

/** Name, value, …; without Host. */
export function questionFields(request: Request): string[] {
  const { names, values } = request.fields;
  const named = new Set(
    (request.fields.joined('connection') ?? '').split(',').map((name) => name.trim().toLowerCase()),
  );
  const fields: string[] = [];
  for (let i = 0; i < names.length; i++) {
    const { raw, lower } = names[i]!;
    // As for applications: X_Forwarded_For would pass for X-Forwarded-For in many a server.
    if (!NOT_ASKED.test(lower) && !named.has(lower) && !lower.includes('_')) fields.push(raw, values[i]!);
  }
  const { method, scheme, authority, path, query, remoteAddress } = request;
  fields.push('X-Forwarded-Method', method, 'X-Forwarded-Proto', scheme);
  fields.push('X-Forwarded-Host', authority, 'X-Forwarded-Uri', query === '' ? path : `${path}?${query}`);
  if (remoteAddress !== '') fields.push('X-Forwarded-For', remoteAddress);
  return fields;
}
