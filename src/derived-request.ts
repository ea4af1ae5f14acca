/** A request that middleware has changed: a rewritten path, another client address, other fields. */
import type { Request } from './exchange.ts';

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
    ...changes,
  };
}
