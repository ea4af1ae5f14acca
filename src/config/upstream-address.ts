/** Addresses of servers that Vivarium connects to: `10.0.0.1:8000`, `[::1]:8000`, `unix:PATH`, `srv:_http._tcp.NAME`. */

export interface UpstreamAddress {
  readonly host: string;
  readonly port: number;
  /** Path of a Unix socket; null for TCP. */
  readonly path: string | null;
  /** Name of SRV records, which say hosts and ports; null for none. */
  readonly service: string | null;
}

const NOWHERE = { host: '', port: 0, path: null, service: null } as const;
const HOST_AND_PORT = /^(?:\[([\da-fA-F:.]+)\]|([A-Za-z\d](?:[A-Za-z\d_.-]*[A-Za-z\d])?))(?::(\d{1,5}))?$/;
/** Of a path that the kernel takes for a socket. */
const SOCKET_PATH_MAX = 107;

/** Null for what is none. */
export function parseUpstreamAddress(text: string, defaultPort: number): UpstreamAddress | null {
  if (text.startsWith('unix:')) {
    const path = text.slice('unix:'.length);
    return path === '' || path.includes('\0') || Buffer.byteLength(path) > SOCKET_PATH_MAX
      ? null
      : { ...NOWHERE, path };
  }
  if (text.startsWith('srv:')) {
    const service = text.slice('srv:'.length);
    return /^[A-Za-z\d_](?:[A-Za-z\d_.-]*[A-Za-z\d])?$/.test(service) ? { ...NOWHERE, service } : null;
  }
  const [, literal, name, digits] = HOST_AND_PORT.exec(text) ?? [];
  const host = literal ?? name;
  const port = digits === undefined ? defaultPort : Number(digits);
  if (host === undefined || port < 1 || port > 65_535) return null;
  return { ...NOWHERE, host, port };
}

/** Where a route sends its requests: a URL without user, query and fragment, or `unix:PATH`. */
export interface UpstreamUrl {
  readonly isSecure: boolean;
  /** As the URL names it: host with the port, if it has one. */
  readonly authority: string;
  readonly address: UpstreamAddress;
  /** '' when the URL has none. */
  readonly path: string;
}

const URL_PARTS = /^(https?):\/\/([^/?#@]+)(\/[!-"$-;=@-~]*)?$/;

export function parseUpstreamUrl(text: string): UpstreamUrl | null {
  if (text.startsWith('unix:')) {
    const address = parseUpstreamAddress(text, 0);
    return address && { isSecure: false, authority: 'localhost', address, path: '' };
  }
  const [, scheme, authority, path = ''] = URL_PARTS.exec(text) ?? [];
  if (authority === undefined) return null;
  const isSecure = scheme === 'https';
  const address = parseUpstreamAddress(authority, isSecure ? 443 : 80);
  if (address === null || address.path !== null || address.service !== null) return null;
  return { isSecure, authority, address, path };
}
