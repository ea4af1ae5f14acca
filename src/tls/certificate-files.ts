/** Certificates and keys as files: read, and checked before anybody relies on them. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { CertificateFiles } from '../config/sections/certificate.ts';
import type { TlsSettings } from '../config/tls-settings.ts';
import type { CertificateMaterial } from '../control/messages.ts';

/** What is wrong with a certificate; a sentence that names the file. */
export class CertificateError extends Error {}

const CERTIFICATE_PEM = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
const EXPIRES_SOON_MS = 7 * 24 * 3600_000;
const OTHERS_MAY_READ = 0o004;

export interface LoadedCertificate {
  readonly material: CertificateMaterial;
  /** It is used all the same. */
  readonly warnings: readonly string[];
}

/** @throws CertificateError */
export function loadCertificate(files: CertificateFiles, nowMs: number): LoadedCertificate {
  const pem = [files.certificate, ...(files.chain === null ? [] : [files.chain])].map(readText).join('\n');
  const key = readText(files.key);
  const loaded = checkCertificate(pem, key, files, nowMs);
  const mode = statSync(files.key).mode;
  if ((mode & OTHERS_MAY_READ) === 0) return loaded;
  const warning = `${files.key}: every user of this machine can read this key (mode ${(mode & 0o777).toString(8)})`;
  return { ...loaded, warnings: [...loaded.warnings, warning] };
}

/** The certificates that clients' own are checked against, as PEM. @throws CertificateError */
export function loadAuthorities(path: string): string {
  const found = readText(path).match(CERTIFICATE_PEM) ?? [];
  if (found.length === 0) throw new CertificateError(`${path}: there is no certificate in PEM in it`);
  for (const pem of found) parseCertificate(pem, path);
  return `${found.join('\n')}\n`;
}

/** All that is wrong with the files that these settings name, and what deserves a word. */
export function examineCertificates(settings: TlsSettings | null): {
  mistakes: string[];
  warnings: string[];
} {
  const mistakes: string[] = [];
  const warnings: string[] = [];
  const attempt = (load: () => void) => {
    try {
      load();
    } catch (error) {
      if (!(error instanceof CertificateError)) throw error;
      mistakes.push(error.message);
    }
  };
  for (const files of settings?.certificates ?? [])
    attempt(() => {
      warnings.push(...loadCertificate(files, Date.now()).warnings);
    });
  const authorities = settings?.clientAuthorities ?? null;
  if (authorities !== null) attempt(() => loadAuthorities(authorities));
  return { mistakes, warnings };
}

/** `files`: where they came from, for messages. */
export function checkCertificate(
  pem: string,
  keyPem: string,
  files: Pick<CertificateFiles, 'certificate' | 'key'>,
  nowMs: number,
): LoadedCertificate {
  const chain = pem.match(CERTIFICATE_PEM) ?? [];
  if (chain.length === 0)
    throw new CertificateError(`${files.certificate}: there is no certificate in PEM in it`);
  const [leaf] = chain.map((one) => parseCertificate(one, files.certificate));
  const key = parseKey(keyPem, files.key);
  if (!leaf!.checkPrivateKey(key)) {
    const expected = `the key of the first certificate in ${files.certificate}`;
    throw new CertificateError(`${files.key}: is not ${expected}`);
  }
  const certificate = `${chain.join('\n')}\n`;
  refuseUnusable(certificate, keyPem, files.certificate);
  const names = namesOf(leaf!);
  const material = { certificate, key: keyPem, names, keyType: key.asymmetricKeyType ?? 'unknown' };
  return { material, warnings: doubtsAbout(leaf!, names, files.certificate, nowMs) };
}

function doubtsAbout(leaf: X509Certificate, names: readonly string[], file: string, nowMs: number): string[] {
  const doubts: string[] = [];
  const leftMs = leaf.validToDate.getTime() - nowMs;
  if (leftMs <= 0) doubts.push(`${file}: the certificate expired on ${leaf.validTo}`);
  else if (leftMs < EXPIRES_SOON_MS) doubts.push(`${file}: the certificate expires on ${leaf.validTo}`);
  if (leaf.validFromDate.getTime() > nowMs)
    doubts.push(`${file}: the certificate is valid from ${leaf.validFrom} on`);
  if (names.length === 0) doubts.push(`${file}: the certificate names no host`);
  return doubts;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    throw new CertificateError(`${path}: ${reasonOf(error as NodeJS.ErrnoException)}`);
  }
}

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EACCES') return 'permission denied';
  if (code === 'EISDIR') return 'it is a directory';
  return message;
}

function parseCertificate(pem: string, path: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw new CertificateError(`${path}: a certificate in it cannot be read`);
  }
}

function parseKey(pem: string, path: string): KeyObject {
  if (/ENCRYPTED/.test(pem)) {
    throw new CertificateError(
      `${path}: the key is encrypted; a server that starts by itself needs it without a passphrase (openssl pkey)`,
    );
  }
  try {
    return createPrivateKey(pem);
  } catch {
    throw new CertificateError(`${path}: there is no private key in PEM in it`);
  }
}

/** What the TLS library has against it: a key that is too short, a digest that is too old. */
function refuseUnusable(cert: string, key: string, path: string): void {
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    throw new CertificateError(`${path}: TLS cannot use it: ${(error as Error).message}`);
  }
}

/** The hosts that a certificate is for, in lower case: its alternative names, else its common name. */
export function namesOf(certificate: X509Certificate): string[] {
  const alternative = (certificate.subjectAltName ?? '').split(', ');
  const names = alternative.flatMap((entry) => /^(?:DNS|IP Address):([\w*.:-]+)$/.exec(entry)?.[1] ?? []);
  const [, common] = /^CN=([\w*.-]+)$/m.exec(certificate.subject ?? '') ?? [];
  const all = names.length > 0 || common === undefined ? names : [common];
  return [...new Set(all.map((name) => name.toLowerCase()))];
}
