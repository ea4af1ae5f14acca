/** What a TLS connection says of itself and of its client, in the words of mod_ssl. */
import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { TlsSession } from '../exchange.ts';

export class SocketTlsSession implements TlsSession {
  readonly #socket: TLSSocket;
  #variables: readonly string[] | null = null;

  constructor(socket: TLSSocket) {
    this.#socket = socket;
  }

  get hasVerifiedClient(): boolean {
    return this.#socket.authorized;
  }

  /** The same for all requests of the connection. */
  get variables(): readonly string[] {
    this.#variables ??= variablesOf(this.#socket);
    return this.#variables;
  }
}

function variablesOf(socket: TLSSocket): string[] {
  const client = socket.getPeerX509Certificate();
  const variables = {
    HTTPS: 'on',
    SSL_PROTOCOL: socket.getProtocol() ?? '',
    SSL_CIPHER: socket.getCipher().name,
    SSL_SESSION_RESUMED: socket.isSessionReused() ? 'Resumed' : 'Initial',
    ...(typeof socket.servername === 'string' ? { SSL_TLS_SNI: socket.servername } : {}),
    ...certificateVariables('SSL_SERVER', socket.getX509Certificate()),
    SSL_CLIENT_VERIFY: verdict(socket, client),
    // Of a certificate that nobody vouches for nothing is said: what it says could be anything.
    ...(socket.authorized ? certificateVariables('SSL_CLIENT', client) : {}),
  };
  return Object.entries(variables).flatMap(([name, value]) => [name, bytesOf(value)]);
}

function verdict(socket: TLSSocket, client: X509Certificate | undefined): string {
  if (client === undefined) return 'NONE';
  return socket.authorized ? 'SUCCESS' : `FAILED:${socket.authorizationError}`;
}

function certificateVariables(
  prefix: string,
  certificate: X509Certificate | undefined,
): Record<string, string> {
  if (certificate === undefined) return {};
  return {
    [`${prefix}_M_SERIAL`]: certificate.serialNumber,
    [`${prefix}_V_START`]: certificate.validFrom,
    [`${prefix}_V_END`]: certificate.validTo,
    ...nameVariables(`${prefix}_S_DN`, certificate.subject),
    ...nameVariables(`${prefix}_I_DN`, certificate.issuer),
  };
}

/** The whole as RFC 2253 has it, the last part first, and of each kind of part the first one. */
function nameVariables(name: string, lines: string | undefined): Record<string, string> {
  const parts = (lines ?? '').split('\n').filter((part) => part.includes('='));
  const variables: Record<string, string> = { [name]: parts.toReversed().join(',') };
  for (const part of parts) {
    const at = part.indexOf('=');
    const key = part.slice(0, at);
    if (/^[A-Za-z]+$/.test(key)) variables[`${name}_${key}`] ??= part.slice(at + 1).replace(/\\(.)/g, '$1');
  }
  return variables;
}

/** As CGI has text: bytes of UTF-8, here as latin-1. A NUL would end the value for whoever reads it in C. */
function bytesOf(text: string): string {
  return Buffer.from(text.replaceAll('\0', ''), 'utf8').latin1Slice();
}
