/** A request of HTTP/2 in the form that all requests have. */
import type { Request } from '../../exchange.ts';
import { RequestFields } from '../../fields.ts';
import type { RequestHead } from '../../protocols/http2/request-head.ts';
import type { Peer } from '../peer.ts';

/** `head`: null for one that cannot be read; `-` is what access logs show. */
export function requestOf(head: RequestHead | null, peer: Peer, fields: RequestFields | null): Request {
  return {
    method: head?.method ?? '-',
    target: head?.target ?? '-',
    path: head?.path ?? '-',
    decodedPath: head?.decodedPath ?? '-',
    query: head?.query ?? '',
    version: 'HTTP/2.0',
    scheme: peer.scheme,
    authority: head?.authority ?? '',
    fields: fields ?? new RequestFields(),
    remoteAddress: peer.remoteAddress,
    remotePort: peer.remotePort,
    localAddress: peer.localAddress,
    localPort: peer.localPort,
    tls: peer.tls,
  };
}
