/**
 * A request as CGI variables (RFC 3875, section 4.1), with the names that nginx's fastcgi_params, uwsgi_params and
 * scgi_params and Apache's modules have for what goes beyond the RFC.
 */
import { VERSION } from '../../base/version.ts';
import type { FieldList } from '../../exchange.ts';
import { fieldName } from '../../fields.ts';
import type { OutgoingGatewayRequest } from '../gateway-protocol.ts';

/** Name, value, …: each name once, CONTENT_LENGTH first, which SCGI wants. */
export function cgiVariables(request: OutgoingGatewayRequest, bodySize: number): FieldList {
  const variables = new Map<string, string>([
    ['CONTENT_LENGTH', String(bodySize)],
    ['REQUEST_METHOD', request.method],
    ['SCRIPT_NAME', request.scriptName],
    ['PATH_INFO', request.pathInfo],
    ['QUERY_STRING', request.query],
    ['REQUEST_URI', request.target],
    ['DOCUMENT_URI', request.scriptName + request.pathInfo],
    ['SERVER_PROTOCOL', request.version],
    ['REQUEST_SCHEME', request.scheme],
    ['GATEWAY_INTERFACE', 'CGI/1.1'],
    ['SERVER_SOFTWARE', `vivarium/${VERSION}`],
    ['SERVER_NAME', request.serverName],
    ['SERVER_PORT', String(request.serverPort)],
    ['SERVER_ADDR', request.serverAddress],
    ['REMOTE_ADDR', request.remoteAddress],
    ['REMOTE_PORT', String(request.remotePort)],
  ]);
  if (request.scheme === 'https') variables.set('HTTPS', 'on');
  addFields(variables, request.fields);
  for (const list of [request.variables, request.params])
    for (let i = 0; i < list.length; i += 2)
      if (list[i] !== 'CONTENT_LENGTH') variables.set(list[i]!, list[i + 1]!);
  return [...variables].flat();
}

/** A repeated field is one variable with its values joined (RFC 3875, section 4.1.18). */
function addFields(variables: Map<string, string>, fields: FieldList): void {
  for (let i = 0; i < fields.length; i += 2) {
    const { cgi } = fieldName(fields[i]!);
    // '': it could pass for another one, or for a variable that means something else.
    if (cgi === '' || cgi === 'CONTENT_LENGTH') continue;
    const value = fields[i + 1]!;
    const before = variables.get(cgi);
    const joint = cgi === 'HTTP_COOKIE' ? '; ' : ', ';
    variables.set(cgi, before === undefined ? value : before + joint + value);
  }
}
