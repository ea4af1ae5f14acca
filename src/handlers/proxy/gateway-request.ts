/** A request as an upstream server that speaks a gateway protocol gets it: what becomes its CGI variables. */
import { decodePath } from '../../base/url-path.ts';
import type { Exchange, Request } from '../../exchange.ts';
import type { OutgoingGatewayRequest } from '../../protocols/gateway-protocol.ts';
import type { ProxyContext } from './context.ts';
import { forwardedLines, hostField, type OutgoingRequest, passedOn } from './request-head.ts';
import type { Script } from './scripts.ts';

/** `host`: the address of the server. */
export function gatewayRequest(
  exchange: Exchange,
  outgoing: OutgoingRequest,
  script: Script | null,
  { settings, params }: Pick<ProxyContext, 'settings' | 'params'>,
  host: string,
): OutgoingGatewayRequest {
  const { request } = exchange;
  const { method, query, version, scheme } = request;
  const fields = ['Host', hostField(request, settings, host)];
  fields.push(...passedOn(request.fields, settings.passAuthorization ?? false).fields);
  if (settings.addsForwarded) fields.push(...fieldsOf(forwardedLines(request, outgoing.prefix)));
  if (settings.via !== null) fields.push('Via', `${version.slice(5)} ${settings.via}`);
  if (outgoing.upgrade !== null) fields.push('Connection', 'Upgrade', 'Upgrade', outgoing.upgrade);
  return {
    method,
    target: originalTarget(request),
    query,
    version,
    scheme,
    fields,
    scriptName: (decodePath(outgoing.prefix) ?? '') + (script?.name ?? ''),
    pathInfo: script?.pathInfo ?? outgoing.pathInfo ?? request.decodedPath,
    mappedTarget: outgoing.target,
    serverName: serverName(request),
    serverPort: request.localPort,
    serverAddress: request.localPort === 0 ? '' : request.localAddress,
    remoteAddress: request.remoteAddress,
    remotePort: request.remotePort,
    // What a front says of a script is about its own files: which of ours is run has been found out here.
    variables: [...(exchange.environ ?? []), ...(script?.variables ?? [])].map(bytesOf),
    params: params.flatMap(({ name, value }) => [name, bytesOf(value(exchange))]),
  };
}

function fieldsOf(lines: string): string[] {
  return lines
    .split('\r\n')
    .slice(0, -1)
    .flatMap((line) => line.split(/: (.*)/s, 2));
}

/** Path and query as the client sent them, whatever a rewrite has made of them: nginx's and Apache's REQUEST_URI. */
function originalTarget({ target, path, query }: Request): string {
  if (target.startsWith('/')) return target;
  return query === '' ? path : `${path}?${query}`;
}

function serverName({ authority, localAddress }: Request): string {
  return authority === '' ? localAddress : authority.replace(/:\d*$/, '');
}

/** A value that comes from elsewhere than the parser, which lets only bytes through, and no NUL. */
function bytesOf(value: string): string {
  if (!/[^\x01-\xff]/.test(value)) return value;
  return Buffer.from(value.replaceAll('\0', ''), 'utf8').latin1Slice();
}
