/**
 * The numbers of AJP13 (https://tomcat.apache.org/connectors-doc/ajp/ajpv13a.html): kinds of packets, and the short forms
 * of methods, field names and attributes. The position in a list, counted from 1, is the code on the wire.
 */

/** What a packet is, by its first byte. The body of a request comes in packets without one. */
export const Kind = {
  forwardRequest: 2,
  sendBodyChunk: 3,
  sendHeaders: 4,
  endResponse: 5,
  getBodyChunk: 6,
  cpong: 9,
  cping: 10,
} as const;

export const METHODS: readonly string[] = [
  ...['OPTIONS', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'TRACE', 'PROPFIND', 'PROPPATCH', 'MKCOL', 'COPY'],
  ...['MOVE', 'LOCK', 'UNLOCK', 'ACL', 'REPORT', 'VERSION-CONTROL', 'CHECKIN', 'CHECKOUT', 'UNCHECKOUT'],
  ...['SEARCH', 'MKWORKSPACE', 'UPDATE', 'LABEL', 'MERGE', 'BASELINE-CONTROL', 'MKACTIVITY'],
];
/** Any other method stands in an attribute. */
export const STORED_METHOD = 0xff;

/** Codes of field names have this as their first byte, which the length of a name cannot have. */
export const FIELD_CODE = 0xa0;

export const REQUEST_FIELDS: readonly string[] = [
  ...['accept', 'accept-charset', 'accept-encoding', 'accept-language', 'authorization', 'connection'],
  ...['content-type', 'content-length', 'cookie', 'cookie2', 'host', 'pragma', 'referer', 'user-agent'],
];

export const RESPONSE_FIELDS: readonly string[] = [
  ...[
    'Content-Type',
    'Content-Language',
    'Content-Length',
    'Date',
    'Last-Modified',
    'Location',
    'Set-Cookie',
  ],
  ...['Set-Cookie2', 'Servlet-Engine', 'Status', 'WWW-Authenticate'],
];

export const Attribute = {
  context: 1,
  servletPath: 2,
  remoteUser: 3,
  authType: 4,
  queryString: 5,
  route: 6,
  sslCert: 7,
  sslCipher: 8,
  sslSession: 9,
  /** A name and a value of the front's own. */
  named: 10,
  /** A number, not a text. */
  sslKeySize: 11,
  secret: 12,
  storedMethod: 13,
  end: 0xff,
} as const;

/** Named attributes that mod_proxy_ajp and mod_jk set for what the protocol has forgotten. */
export const LOCAL_ADDRESS = 'AJP_LOCAL_ADDR';
export const REMOTE_PORT = 'AJP_REMOTE_PORT';
export const SSL_PROTOCOL = 'AJP_SSL_PROTOCOL';

/** The code of a name by its lower-case form; what is not in the map is written out. */
export function codesOf(names: readonly string[]): ReadonlyMap<string, number> {
  return new Map(names.map((name, i) => [name.toLowerCase(), i + 1]));
}
