/**
 * A request as a web server in front of us tells it: CGI variables (RFC 3875) into the form that all requests have.
 *
 * Variables that speak of the request become its method, path, fields and ends of the connection. The others (REMOTE_USER,
 * SSL_*, what the operator has added) are for the application. Of a variable that is there twice the last value counts:
 * nginx sends both when a `uwsgi_param` repeats one of the included file. Only fields of the client are joined.
 */
import { parseEndpoint } from '../../base/endpoint.ts';
import type { Request } from '../../exchange.ts';
import { type FieldName, fieldName, RequestFields } from '../../fields.ts';
import { methodCharacters } from '../http1/characters.ts';
import { Refusal } from '../http1/refusal.ts';
import type { HeadLimits } from '../http1/request-head.ts';
import { isAuthority } from '../http1/request-target.ts';
import { UNKNOWN } from '../response-fields.ts';
import { gatewayPaths } from './gateway-paths.ts';

export interface GatewayRequest extends Omit<Request, 'tls'> {
  /** What the front has taken off the path (PEP 3333): '' usually. */
  readonly scriptName: string;
  /** Bytes; UNKNOWN where the variables do not say it. */
  readonly contentLength: number;
  /** Variables for the application beside those of the request: name, value, … */
  readonly variables: readonly string[];
}

/** Those of which the request is made. */
const OF_REQUEST = new Set([
  'REQUEST_METHOD',
  'REQUEST_URI',
  'SCRIPT_NAME',
  'PATH_INFO',
  'QUERY_STRING',
  'SERVER_PROTOCOL',
  'CONTENT_TYPE',
  'CONTENT_LENGTH',
  'REMOTE_ADDR',
  'REMOTE_PORT',
  'SERVER_NAME',
  'SERVER_PORT',
]);
/** Those that say how the request came to be; the application gets them as well. */
const ALSO_OF_REQUEST = new Set([
  'SERVER_ADDR',
  'HTTPS',
  'REQUEST_SCHEME',
  'UWSGI_SCHEME',
  'SCRIPT_FILENAME',
]);
/** Those that speak of the protocol between the front and us, or that are ours to say. */
const DROPPED = new Set(['SCGI', 'GATEWAY_INTERFACE', 'SERVER_SOFTWARE']);
/**
 * Fields that CGI has under other names, that the front has dealt with (RFC 9112, section 7), or that programs behind us
 * would take for a setting of their own (`Proxy`, CVE-2016-5385).
 */
const DROPPED_FIELDS = new Set([
  'HTTP_CONTENT_TYPE',
  'HTTP_CONTENT_LENGTH',
  'HTTP_TRANSFER_ENCODING',
  'HTTP_TRAILER',
  'HTTP_PROXY',
]);
/** Names with a dot (`wsgi.input`) are the server's own. */
const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,255}$/;
const CONTROL = /[\0-\x08\x0a-\x1f\x7f]/;
const DIGITS = /^\d{1,15}$/;
const HOST = fieldName('Host');
const CONTENT_TYPE = fieldName('Content-Type');
const CONTENT_LENGTH = fieldName('Content-Length');
/** Methods whose clients say that there is no body (RFC 9110, section 8.6). */
const WITH_BODY = new Set(['POST', 'PUT', 'PATCH']);
const PORT_MAX = 65_535;
/** Of a request line beside method and target, and of a field line beside name and value, as HTTP/1.1 has them. */
const LINE_REST = 10;
const FIELD_REST = 4;

/**
 * `environ`: name, value, … as latin-1. Its size as a whole was limited by who has read it. `known`: the fields, where they
 * are not in `environ`.
 */
export function readGatewayRequest(
  environ: readonly string[],
  limits: HeadLimits,
  known: RequestFields | null = null,
): GatewayRequest | Refusal {
  const own = new Map<string, string>();
  const fields = new RequestFields();
  const variables: string[] = [];
  for (let i = 0; i < environ.length; i += 2) {
    const name = environ[i]!;
    const value = environ[i + 1]!;
    const refusal = name.startsWith('HTTP_')
      ? addField(name, value, own, fields, limits)
      : addVariable(name, value, own, variables);
    if (refusal !== null) return refusal;
  }
  const host = own.get('HTTP_HOST');
  if (host !== undefined) fields.add(HOST, host);
  return build(own, known ?? fields, variables, limits);
}

/** May a variable of this name, which the front has set, reach the application beside those of the request? */
export function isForApplication(name: string): boolean {
  return NAME.test(name) && !name.startsWith('HTTP_') && !OF_REQUEST.has(name) && !DROPPED.has(name);
}

function addField(
  name: string,
  value: string,
  own: Map<string, string>,
  fields: RequestFields,
  limits: HeadLimits,
): Refusal | null {
  if (DROPPED_FIELDS.has(name)) return null;
  const field = fieldOf(name);
  if (field === null) return new Refusal(400, 'malformed name of a variable');
  if (CONTROL.test(value)) return new Refusal(400, 'control character in a field value');
  if (field.raw.length + value.length + FIELD_REST > limits.limitRequestFieldSize)
    return new Refusal(431, 'field longer than limit-request-field-size');
  if (fields.names.length >= limits.limitRequestFields)
    return new Refusal(431, 'more fields than limit-request-fields');
  if (field === HOST) own.set(name, value);
  else fields.add(field, value);
  return null;
}

function addVariable(
  name: string,
  value: string,
  own: Map<string, string>,
  variables: string[],
): Refusal | null {
  // Others may have line breaks: SSL_CLIENT_CERT is a whole certificate.
  if (value.includes('\0')) return new Refusal(400, 'NUL in a variable');
  if (OF_REQUEST.has(name)) {
    if (CONTROL.test(value) && name !== 'PATH_INFO' && name !== 'SCRIPT_NAME')
      return new Refusal(400, `control character in ${name}`);
    if (name === 'CONTENT_LENGTH' && (own.get(name) ?? value) !== value)
      return new Refusal(400, 'two different CONTENT_LENGTH');
    own.set(name, value);
    return null;
  }
  if (ALSO_OF_REQUEST.has(name)) own.set(name, value);
  // nginx's fastcgi_params has REMOTE_USER also where nobody has signed in.
  if (name === 'REMOTE_USER' && value === '') return null;
  if (isForApplication(name)) variables.push(name, value);
  return null;
}

function build(
  own: ReadonlyMap<string, string>,
  fields: RequestFields,
  variables: readonly string[],
  limits: HeadLimits,
): GatewayRequest | Refusal {
  const method = own.get('REQUEST_METHOD') ?? '';
  if (!isMethod(method)) return new Refusal(400, 'malformed REQUEST_METHOD');
  // We are no forward proxy (RFC 9110, section 9.3.6).
  if (method === 'CONNECT') return new Refusal(405, 'CONNECT is not served here');
  const uri = own.get('REQUEST_URI') ?? own.get('PATH_INFO') ?? '';
  if (method.length + uri.length + LINE_REST > limits.limitRequestLine)
    return new Refusal(414, 'request line longer than limit-request-line');
  const paths = gatewayPaths(method, own);
  if (paths instanceof Refusal) return paths;
  const authority = authorityOf(own, fields.get('host') ?? '');
  if (authority === null) return new Refusal(400, 'malformed Host field');
  const contentLength = lengthOf(own.get('CONTENT_LENGTH') ?? '');
  if (contentLength === null) return new Refusal(400, 'malformed CONTENT_LENGTH');
  return {
    method,
    ...paths,
    version: versionOf(own.get('SERVER_PROTOCOL') ?? ''),
    scheme: schemeOf(own),
    authority,
    fields: withOwnFields(own, fields, contentLength, method),
    remoteAddress: addressOf(own.get('REMOTE_ADDR')),
    remotePort: portOf(own.get('REMOTE_PORT')),
    localAddress: addressOf(own.get('SERVER_ADDR')),
    localPort: portOf(own.get('SERVER_PORT')),
    contentLength,
    variables,
  };
}

function isMethod(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (methodCharacters[text.charCodeAt(i)] !== 1) return false;
  return text !== '';
}

/** A server that knows no Host of the client says which of its names was meant (RFC 3875, section 4.1.14). */
function authorityOf(own: ReadonlyMap<string, string>, host: string): string | null {
  if (host !== '') return isAuthority(host) ? host : null;
  const name = own.get('SERVER_NAME') ?? '';
  return isAuthority(name) ? name : '';
}

/** UNKNOWN when it is not told, null when it is no length. */
function lengthOf(text: string): number | null {
  if (text === '') return UNKNOWN;
  return DIGITS.test(text) ? Number(text) : null;
}

/** The fields may be those of other requests, too. */
function withOwnFields(
  own: ReadonlyMap<string, string>,
  told: RequestFields,
  contentLength: number,
  method: string,
): RequestFields {
  const type = own.get('CONTENT_TYPE') ?? '';
  // SCGI has to say a length, also where the client has not: 0 is none, unless a body was to be expected.
  const isMeant = contentLength > 0 || WITH_BODY.has(method);
  const hasLength = contentLength !== UNKNOWN && isMeant;
  if (type === '' && !hasLength) return told;
  const fields = new RequestFields();
  for (let i = 0; i < told.names.length; i++) fields.add(told.names[i]!, told.values[i]!);
  if (type !== '') fields.add(CONTENT_TYPE, type);
  if (hasLength) fields.add(CONTENT_LENGTH, String(contentLength));
  return fields;
}

export function versionOf(text: string): Request['version'] {
  if (text === 'HTTP/1.0' || text === 'HTTP/2.0' || text === 'HTTP/3.0') return text;
  if (text === 'HTTP/2' || text === 'HTTP/3') return `${text}.0` as const;
  return 'HTTP/1.1';
}

/** As uWSGI decides it: its own variable before HTTPS; nginx and Apache have REQUEST_SCHEME as well. */
function schemeOf(own: ReadonlyMap<string, string>): Request['scheme'] {
  const https = own.get('HTTPS') ?? '';
  const scheme = own.get('UWSGI_SCHEME') ?? (https === '' ? (own.get('REQUEST_SCHEME') ?? '') : https);
  return /^(https|on|1|true)$/i.test(scheme) ? 'https' : 'http';
}

/** '' for what is no address: nginx says `unix:` of clients that came by a Unix socket. */
export function addressOf(text: string | undefined): string {
  return parseEndpoint(text ?? '')?.address ?? '';
}

export function portOf(text: string | undefined): number {
  const port = /^\d{1,5}$/.test(text ?? '') ? Number(text) : 0;
  return port <= PORT_MAX ? port : 0;
}

/** As many as `fields.ts` interns. */
const KNOWN_MAX = 2000;
const known = new Map<string, FieldName>();

/** The field of `HTTP_USER_AGENT`: `User-Agent`. Null when that is no name. */
function fieldOf(variable: string): FieldName | null {
  const found = known.get(variable);
  if (found !== undefined) return found;
  if (!NAME.test(variable) || variable.length === 'HTTP_'.length) return null;
  const words = variable.slice('HTTP_'.length).toLowerCase().split('_');
  const made = fieldName(words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('-'));
  if (known.size < KNOWN_MAX) known.set(Buffer.from(variable, 'latin1').latin1Slice(), made);
  return made;
}
