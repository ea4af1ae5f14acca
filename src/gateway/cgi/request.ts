/** A request that a front has told in the form that all requests have. */
import type { Request } from '../../exchange.ts';
import { RequestFields } from '../../fields.ts';
import type { GatewayRequest } from '../../protocols/cgi/gateway-request.ts';
import type { Peer } from '../peer.ts';

/** Where the front says nothing of an end of the connection, it is the client itself. */
export function requestOf(told: GatewayRequest, peer: Peer, fields: RequestFields): Request {
  const isClientTold = told.remoteAddress !== '';
  return {
    method: told.method,
    target: told.target,
    path: told.path,
    decodedPath: told.decodedPath,
    query: told.query,
    version: told.version,
    scheme: told.scheme,
    authority: told.authority,
    fields,
    remoteAddress: isClientTold ? told.remoteAddress : peer.remoteAddress,
    remotePort: isClientTold ? told.remotePort : peer.remotePort,
    localAddress: told.localAddress || peer.localAddress,
    localPort: told.localPort || peer.localPort,
    tls: null,
    scriptName: told.scriptName,
  };
}

/** Stands for a request that cannot be read; `-` is what access logs show. */
export function unreadable(peer: Peer): Request {
  return {
    method: '-',
    target: '-',
    path: '-',
    decodedPath: '-',
    scriptName: '',
    query: '',
    version: 'HTTP/1.1',
    authority: '',
    fields: new RequestFields(),
    ...peer,
  };
}
