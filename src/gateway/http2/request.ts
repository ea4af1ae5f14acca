/** A request of HTTP/2 in the form that all requests have. */
import { randomBytes } from 'node:crypto';
import type { Request } from '../../exchange.ts';
import { fieldName, RequestFields } from '../../fields.ts';
import type { RequestHead } from '../../protocols/http2/request-head.ts';
import type { Peer } from '../peer.ts';

const UPGRADE = fieldName('Upgrade');
const CONNECTION = fieldName('Connection');
const KEY = fieldName('Sec-WebSocket-Key');

/** `head`: null for one that cannot be read; `-` is what access logs show. */
export function requestOf(head: RequestHead | null, peer: Peer, fields: RequestFields): Request {
  return {
    method: head?.method ?? '-',
    target: head?.target ?? '-',
    path: head?.path ?? '-',
    decodedPath: head?.decodedPath ?? '-',
    query: head?.query ?? '',
    version: 'HTTP/2.0',
    scheme: peer.scheme,
    authority: head?.authority ?? '',
    fields: head?.isWebSocket === true ? handshakeFields(fields) : fields,
    remoteAddress: peer.remoteAddress,
    remotePort: peer.remotePort,
    localAddress: peer.localAddress,
    localPort: peer.localPort,
    tls: peer.tls,
    scriptName: '',
  };
}

/** As a WebSocket is asked for over HTTP/1.1, which is what handlers and servers behind us know (RFC 8441, section 5). */
function handshakeFields({ names, values }: RequestFields): RequestFields {
  const fields = new RequestFields();
  for (let i = 0; i < names.length; i++) if (names[i]!.lower !== KEY.lower) fields.add(names[i]!, values[i]!);
  fields.add(UPGRADE, 'websocket');
  fields.add(CONNECTION, 'Upgrade');
  fields.add(KEY, randomBytes(16).toString('base64'));
  return fields;
}
