/**
 * Certificates that we sign ourselves, and requests for those that others sign (RFC 5280, RFC 2986): always with a new
 * P-256 key, which all clients and authorities take.
 */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIP, isIPv6 } from 'node:net';
import * as der from './der.ts';

export interface SignedKey {
  /** PEM. */
  readonly certificate: string;
  readonly key: string;
}

const ECDSA_WITH_SHA256 = der.sequence(der.objectId('1.2.840.10045.4.3.2'));
const COMMON_NAME = '2.5.4.3';
const SUBJECT_ALTERNATIVE_NAME = '2.5.29.17';
const BASIC_CONSTRAINTS = '2.5.29.19';
const EXTENDED_KEY_USAGE = '2.5.29.37';
const SERVER_AUTHENTICATION = '1.3.6.1.5.5.7.3.1';
const EXTENSION_REQUEST = '1.2.840.113549.1.9.14';
/** RFC 8737, section 3. */
const ACME_IDENTIFIER = '1.3.6.1.5.5.7.1.31';

/** A clock that is wrong by an hour is common enough. */
const BACKDATED_MS = 3600_000;

export interface SelfSignedOptions {
  /** Hosts and addresses. */
  readonly names: readonly string[];
  readonly nowMs: number;
  readonly lifetimeMs: number;
  /** What the certificate proves to an ACME server: SHA-256 of a key authorization. */
  readonly acmeIdentifier?: Uint8Array;
}

export function selfSigned({ names, nowMs, lifetimeMs, acmeIdentifier }: SelfSignedOptions): SignedKey {
  const { publicKey, privateKey } = newKey();
  const name = commonName(names[0]!);
  const proof = acmeIdentifier && extension(ACME_IDENTIFIER, der.octetString(acmeIdentifier), true);
  const content = der.sequence(
    der.explicit(0, der.integer(Buffer.from([2]))), // version 3
    der.integer(Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    ECDSA_WITH_SHA256,
    name,
    der.sequence(der.time(new Date(nowMs - BACKDATED_MS)), der.time(new Date(nowMs + lifetimeMs))),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der.explicit(
      3,
      der.sequence(
        alternativeNames(names),
        extension(BASIC_CONSTRAINTS, der.sequence(), true),
        extension(EXTENDED_KEY_USAGE, der.sequence(der.objectId(SERVER_AUTHENTICATION))),
        ...(proof === undefined ? [] : [proof]),
      ),
    ),
  );
  return { certificate: der.pem('CERTIFICATE', signed(content, privateKey)), key: exported(privateKey) };
}

export interface CertificateRequest {
  readonly csr: Buffer;
  /** PEM. */
  readonly key: string;
}

/** A request for a certificate for all these hosts. */
export function certificateRequest(names: readonly string[]): CertificateRequest {
  const { publicKey, privateKey } = newKey();
  const content = der.sequence(
    der.integer(Buffer.from([0])),
    der.sequence(),
    publicKey.export({ type: 'spki', format: 'der' }),
    der.explicit(
      0,
      der.sequence(der.objectId(EXTENSION_REQUEST), der.set(der.sequence(alternativeNames(names)))),
    ),
  );
  return { csr: signed(content, privateKey), key: exported(privateKey) };
}

function newKey() {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

function exported(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function signed(content: Uint8Array, key: KeyObject): Buffer {
  return der.sequence(content, ECDSA_WITH_SHA256, der.bitString(sign('sha256', content, key)));
}

/** A common name has 64 characters at most; longer ones stand in the alternative names alone. */
function commonName(name: string): Buffer {
  return der.sequence(der.set(der.sequence(der.objectId(COMMON_NAME), der.utf8String(name.slice(0, 64)))));
}

function alternativeNames(names: readonly string[]): Buffer {
  return extension(SUBJECT_ALTERNATIVE_NAME, der.sequence(...names.map(alternativeName)));
}

function alternativeName(name: string): Buffer {
  return isIP(name) === 0
    ? der.implicit(2, Buffer.from(name, 'latin1'))
    : der.implicit(7, addressBytes(name));
}

/** `URL` writes an IPv6 address in groups without a dotted part. */
function addressBytes(address: string): Buffer {
  if (!isIPv6(address)) return Buffer.from(address.split('.').map(Number));
  const text = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = '', tail] = text.split('::');
  const [front, back] = [head, tail ?? ''].map((part) => part.split(':').filter((group) => group !== ''));
  const zeros = Array(8 - front!.length - back!.length).fill('0');
  const groups = [...front!, ...(tail === undefined ? [] : zeros), ...back!];
  return Buffer.from(groups.map((group) => group.padStart(4, '0')).join(''), 'hex');
}

function extension(id: string, value: Uint8Array, isCritical = false): Buffer {
  return der.sequence(der.objectId(id), ...(isCritical ? [der.boolean(true)] : []), der.octetString(value));
}
