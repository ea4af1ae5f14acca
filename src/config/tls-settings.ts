/** The part of the Configuration that is about TLS. */
import type { CertificateFiles } from './sections/certificate.ts';

export interface TlsSettings {
  /** The first one is the default. */
  readonly certificates: readonly CertificateFiles[];
  /** Those that an authority gives us; null: none. */
  readonly acme: AcmeSettings | null;
  /** One more that we make ourselves, for development. */
  readonly selfSigned: boolean;
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  /** A list as OpenSSL reads it. */
  readonly ciphers: string;
  /** Clients that name a host without a certificate are refused. */
  readonly strictSni: boolean;
  readonly handshakeTimeoutMs: number;
  /** Handshakes at the same time. */
  readonly handshakesMax: number;
  /** How long a session can be resumed. 0: sessions are not resumed. */
  readonly sessionTimeoutMs: number;
  /** File of the certificates that those of clients are checked against. */
  readonly clientAuthorities: string | null;
  /** `optional`: requests below `clientVerifyUrls`, and of routes with `client-certificate`, need a certificate. */
  readonly clientVerify: 'none' | 'optional' | 'required';
  readonly clientVerifyUrls: readonly string[];
  /** Clients of these hosts are asked for one, as patterns of sites without ports; null: all are. */
  readonly clientVerifyHosts: readonly string[] | null;
  /** Applications get the SSL_* variables. */
  readonly environment: boolean;
}

export interface AcmeSettings {
  /** URL of the directory of the authority. */
  readonly directory: string;
  /** File of the authorities for that server itself; null: those of the system. */
  readonly directoryAuthorities: string | null;
  readonly contact: readonly string[];
  /** Each gets a certificate of its own. */
  readonly names: readonly string[];
  /** Best first. */
  readonly challenges: readonly ('http-01' | 'tls-alpn-01')[];
  /** Directory of the keys and certificates. */
  readonly storage: string;
}
