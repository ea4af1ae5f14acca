/**
 * What the TLS listeners of a gateway share: the certificates by name, and the keys of session tickets. Certificates and
 * keys come from the supervisor, and anew when they have changed; what was chosen before stays in use until its
 * connections end.
 */
import { createHash, constants as cryptoConstants } from 'node:crypto';
import type { TlsOptions } from 'node:tls';
import type { TlsSettings } from '../config/tls-settings.ts';
import type { AcmeChallenges, TlsMaterial } from '../control/messages.ts';
import { CertificateChoice, type CertificateGroup } from './certificate-choice.ts';
import type { ClientHello } from './client-hello.ts';

/** One choice of certificates and ticket key. The same object for the same choice. */
export interface Credential {
  readonly options: TlsOptions;
}

/** Spoken in TLS-ALPN-01 alone (RFC 8737). */
export const ACME_PROTOCOL = 'acme-tls/1';

export class Credentials {
  readonly #settings: TlsSettings;
  #material: TlsMaterial;
  #challenges: AcmeChallenges;
  #choice: CertificateChoice;
  /** Made when they are first asked for: most of a thousand certificates rest. */
  #known = new Map<CertificateGroup, (Credential | undefined)[]>();
  #ticketKeyNames: readonly string[];

  constructor(settings: TlsSettings, material: TlsMaterial) {
    this.#settings = settings;
    this.#material = material;
    this.#challenges = material.challenges;
    this.#choice = new CertificateChoice(material.certificates);
    this.#ticketKeyNames = material.ticketKeys.map(nameOfTicketKey);
  }

  renew(material: TlsMaterial): void {
    this.#material = material;
    this.#challenges = material.challenges;
    this.#choice = new CertificateChoice(material.certificates);
    this.#ticketKeyNames = material.ticketKeys.map(nameOfTicketKey);
    this.#known = new Map();
  }

  /** What ACME servers see from now on. */
  show(challenges: AcmeChallenges): void {
    this.#challenges = challenges;
  }

  /** Null: no certificate is for this host, and `ssl-strict-sni` refuses such clients. */
  choose(hello: ClientHello): Credential | null {
    if (hello.protocols.includes(ACME_PROTOCOL)) return this.#challengeFor(hello.serverName ?? '');
    const found = hello.serverName === null ? null : this.#choice.find(hello.serverName);
    if (found === null && this.#settings.strictSni) return null;
    const group = found ?? this.#choice.fallback;
    const named = this.#ticketKeyNames.findIndex((name) => hello.ticketKeyNames.includes(name));
    const ticketKey = Math.max(0, named);
    const known = this.#known.get(group) ?? [];
    this.#known.set(group, known);
    const verify = this.#verifyFor(hello.serverName);
    const index = 2 * ticketKey + Number(verify === 'none');
    known[index] ??= { options: this.#optionsFor(group, this.#material.ticketKeys[ticketKey], verify) };
    return known[index];
  }

  /** The key authorization of a challenge of HTTP-01 that is under way. */
  httpChallenge(token: string): string | null {
    const { http } = this.#challenges;
    return Object.hasOwn(http, token) ? http[token]! : null;
  }

  #challengeFor(serverName: string): Credential | null {
    const { alpn } = this.#challenges;
    if (!Object.hasOwn(alpn, serverName)) return null;
    const { certificate, key } = alpn[serverName]!;
    return { options: { cert: certificate, key, ALPNProtocols: [ACME_PROTOCOL] } };
  }

  /** Only clients of hosts that need it are asked for a certificate: browsers ask their user, too. */
  #verifyFor(serverName: string | null): TlsSettings['clientVerify'] {
    const { clientVerify, clientVerifyHosts } = this.#settings;
    if (clientVerifyHosts === null || serverName === null) return clientVerify;
    return clientVerifyHosts.some((host) => isLike(serverName, host)) ? clientVerify : 'none';
  }

  /** `ticketKey`: base64; none when sessions are not resumed. */
  #optionsFor(
    group: CertificateGroup,
    ticketKey: string | undefined,
    clientVerify: TlsSettings['clientVerify'],
  ): TlsOptions {
    const { minVersion, ciphers, sessionTimeoutMs, handshakeTimeoutMs } = this.#settings;
    const { clientAuthorities } = this.#material;
    return {
      cert: group.map(({ certificate }) => certificate),
      key: group.map(({ key }) => key),
      minVersion,
      ciphers,
      secureOptions:
        cryptoConstants.SSL_OP_NO_RENEGOTIATION |
        (ticketKey === undefined ? cryptoConstants.SSL_OP_NO_TICKET : 0),
      ...(ticketKey === undefined ? {} : { ticketKeys: Buffer.from(ticketKey, 'base64') }),
      ...(ticketKey === undefined ? {} : { sessionTimeout: Math.ceil(sessionTimeoutMs / 1000) }),
      // A session of one set of certificates or authorities is not valid for another one.
      sessionIdContext: digest([
        clientVerify,
        clientAuthorities ?? '',
        ...group.flatMap(({ names }) => names),
      ]),
      ...(clientAuthorities === null ? {} : { ca: clientAuthorities }),
      requestCert: clientVerify !== 'none',
      rejectUnauthorized: clientVerify === 'required',
      handshakeTimeout: handshakeTimeoutMs,
    };
  }
}

/** `host`: as sites name theirs; a wildcard is for all names below it. */
function isLike(serverName: string, host: string): boolean {
  return host === '*' || host === serverName || (host.startsWith('*.') && serverName.endsWith(host.slice(1)));
}

/** As OpenSSL writes it at the front of each ticket. */
function nameOfTicketKey(key: string): string {
  return Buffer.from(key, 'base64').latin1Slice(0, 16);
}

function digest(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}
