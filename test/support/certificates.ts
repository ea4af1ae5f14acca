/** Certificates for tests, and real clients that look at those of a server. */
import { execFile, execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import type { CertificateFiles } from '../../src/config/sections/certificate.ts';
import { selfSigned } from '../../src/tls/x509.ts';

const DAY_MS = 24 * 3600_000;

/** A certificate with an ECDSA key in `folder`: NAME.crt and NAME.key. */
export function writeCertificate(
  folder: string,
  name: string,
  names: readonly string[],
  lifetimeMs = 30 * DAY_MS,
): CertificateFiles {
  const { certificate, key } = selfSigned({ names, nowMs: Date.now(), lifetimeMs });
  const files = { certificate: `${folder}/${name}.crt`, key: `${folder}/${name}.key`, chain: null };
  writeFileSync(files.key, key, { mode: 0o600 });
  writeFileSync(files.certificate, certificate);
  return files;
}

export function openssl(...args: readonly string[]): string {
  return execFileSync('openssl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** The same with an RSA key, made by openssl. */
export function writeRsaCertificate(folder: string, name: string, host: string): CertificateFiles {
  const files = { certificate: `${folder}/${name}.crt`, key: `${folder}/${name}.key`, chain: null };
  const subject = ['-subj', `/CN=${host}`, '-addext', `subjectAltName=DNS:${host}`];
  const out = ['-keyout', files.key, '-out', files.certificate];
  openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '30', ...subject, ...out);
  return files;
}

/** What `openssl s_client` prints; it sends `input` and waits for the end. */
export function sClient(port: number, args: readonly string[], input = ''): Promise<string> {
  return new Promise((resolve) => {
    const child = execFile(
      'openssl',
      ['s_client', '-connect', `127.0.0.1:${port}`, ...args],
      (_, out, errors) => resolve(out + errors),
    );
    child.stdin!.on('error', () => {});
    child.stdin!.end(input);
  });
}

/** What `curl` prints, the status code in a last line. */
export function curl(...args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile('curl', ['-sS', '-m', '20', '-w', '\n%{http_code}', ...args], (_, out, errors) =>
      resolve(out + errors),
    );
  });
}
