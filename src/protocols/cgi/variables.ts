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
  const variables = new Map<string, string>();
  variables.set('CONTENT_LENGTH', String(bodySize));
  variables.set('REQUEST_METHOD', request.method);
  variables.set('SCRIPT_NAME', request.scriptName);
  variables.set('PATH_INFO', request.pathInfo);
  variables.set('QUERY_STRING', request.query);
  variables.set('REQUEST_URI', request.target);
  variables.set('DOCUMENT_URI', request.scriptName + request.pathInfo);
  variables.set('SERVER_PROTOCOL', request.version);
  variables.set('REQUEST_SCHEME', request.scheme);
  variables.set('GATEWAY_INTERFACE', 'CGI/1.1');
  variables.set('SERVER_SOFTWARE', `vivarium/${VERSION}`);
  variables.set('SERVER_NAME', request.serverName);
  variables.set('SERVER_PORT', String(request.serverPort));
  variables.set('SERVER_ADDR', request.serverAddress);
  variables.set('REMOTE_ADDR', request.remoteAddress);
  variables.set('REMOTE_PORT', String(request.remotePort));
  if (request.scheme === 'https') variables.set('HTTPS', 'on');
  addFields(variables, request.fields);
  for (const more of [request.variables, request.params])
    for (let i = 0; i < more.length; i += 2)
      if (more[i] !== 'CONTENT_LENGTH') variables.set(more[i]!, more[i + 1]!);
  const list: string[] = [];
  for (const [name, value] of variables) list.push(name, value);
  return list;
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
