/**
 * Addresses of servers that Vivarium connects to: `10.0.0.1:8000`, `[::1]:8000`, `unix:PATH`, `srv:_http._tcp.NAME`, each
 * with the protocol that the server speaks before it where that is not HTTP: `uwsgi://10.0.0.1:3031`, `scgi://unix:PATH`.
 */
import { GATEWAY_PORTS } from '../base/gateway-protocol-names.ts';

/** Ports where the address has none. */
const DEFAULT_PORTS = { http: 80, https: 443, ...GATEWAY_PORTS } as const;

type UpstreamScheme = keyof typeof DEFAULT_PORTS;

export const SCHEMES = Object.keys(DEFAULT_PORTS) as readonly UpstreamScheme[];

/** For messages: `http://, https:// or scgi://`. */
export const SCHEMES_TEXT = SCHEMES.map((scheme) => `${scheme}://`)
  .join(', ')
  .replace(/, ([^,]+)$/, ' or $1');

export interface UpstreamAddress {
  /** Null: none was given, so HTTP. */
  readonly scheme: UpstreamScheme | null;
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
export function parseUpstreamAddress(text: string): UpstreamAddress | null {
  const [, name = null, rest = ''] = /^(?:([a-z\d]+):\/\/)?(.*)$/s.exec(text) ?? [];
  const scheme = SCHEMES.find((one) => one === name) ?? null;
  if (scheme === null && name !== null) return null;
  if (rest.startsWith('unix:')) {
    const path = rest.slice('unix:'.length);
    return path === '' || path.includes('\0') || Buffer.byteLength(path) > SOCKET_PATH_MAX
      ? null
      : { ...NOWHERE, scheme, path };
  }
  if (rest.startsWith('srv:')) {
    const service = rest.slice('srv:'.length);
    return /^[A-Za-z\d_](?:[A-Za-z\d_.-]*[A-Za-z\d])?$/.test(service)
      ? { ...NOWHERE, scheme, service }
      : null;
  }
  const [, literal, hostName, digits] = HOST_AND_PORT.exec(rest) ?? [];
  const host = literal ?? hostName;
  const port = digits === undefined ? DEFAULT_PORTS[scheme ?? 'http'] : Number(digits);
  if (host === undefined || port < 1 || port > 65_535) return null;
  return { ...NOWHERE, scheme, host, port };
}

/** Where a route sends its requests: a URL without user, query and fragment, or `unix:PATH`. */
export interface UpstreamUrl {
  /** The URL without its path. */
  readonly server: string;
  /** As the URL names it: host with the port, if it has one. */
  readonly authority: string;
  readonly address: UpstreamAddress;
  /** '' when the URL has none. */
  readonly path: string;
}

const URL_PARTS = /^([a-z\d]+:\/\/[^/?#@]+)(\/[!-"$-;=@-~]*)?$/;
/** As nginx writes it, the path of the URL stands behind the socket and a colon: `uwsgi://unix:/run/app.sock:/`. */
const SOCKET_URL_PARTS = /^((?:[a-z\d]+:\/\/)?unix:.*?)(?::(\/[!-"$-;=@-~]*))?$/;

export function parseUpstreamUrl(text: string): UpstreamUrl | null {
  const [, server, path = ''] = SOCKET_URL_PARTS.exec(text) ?? URL_PARTS.exec(text) ?? [];
  const address = server === undefined ? null : parseUpstreamAddress(server);
  if (server === undefined || address === null || address.service !== null) return null;
  const authority = address.path === null ? server.slice(server.indexOf('//') + 2) : 'localhost';
  return { server, authority, address, path };
}
