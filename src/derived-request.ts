/** A request that middleware has changed: a rewritten path, another client address, other fields. */
import type { Request } from './exchange.ts';
import type { RequestFields } from './fields.ts';

export function derivedRequest(request: Request, changes: Partial<Request>): Request {
  return {
    method: request.method,
    target: request.target,
    path: request.path,
    decodedPath: request.decodedPath,
    query: request.query,
    version: request.version,
    scheme: request.scheme,
    authority: request.authority,
    fields: request.fields,
    remoteAddress: request.remoteAddress,
    remotePort: request.remotePort,
    localAddress: request.localAddress,
    localPort: request.localPort,
    tls: request.tls,
    scriptName: request.scriptName,
    ...changes,
  };
}

/**
 * Makes fields that middleware has set its own: a client that names them in its Connection field (RFC 9110, section
 * 7.6.1) cannot have a proxy behind us drop them. `fields`: not those of the client. `names`: in lower case.
 */
export function claimFields({ names, values }: RequestFields, claimed: readonly string[]): void {
  for (let i = 0; i < names.length; i++) {
    if (names[i]!.lower !== 'connection') continue;
    const options = values[i]!.split(',').map((option) => option.trim());
    values[i] = options.filter((option) => !claimed.includes(option.toLowerCase())).join(', ');
  }
}
