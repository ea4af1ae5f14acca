/**
 * The certificate of `https-self-signed`: for this machine and its loopback addresses, made once and kept, so that a
 * browser that was told to trust it does not have to be told again after each start.
 */
import { X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import type { CertificateMaterial } from '../control/messages.ts';
import { checkCertificate, namesOf } from './certificate-files.ts';
import { selfSigned } from './x509.ts';

const DAY_MS = 24 * 3600_000;
/** Longer ones are refused by some systems. */
const LIFETIME_MS = 390 * DAY_MS;
const RENEWED_BEFORE_MS = 30 * DAY_MS;

/** What is in the file, if it is still good; otherwise a new one. `nowMs`: since 1970. */
export function keptSelfSigned(file: string, nowMs: number): CertificateMaterial {
  const names = namesOfMachine();
  const kept = readKept(file, names, nowMs);
  if (kept !== null) return kept;
  const { certificate, key } = selfSigned({ names, nowMs, lifetimeMs: LIFETIME_MS });
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const fresh = `${file}.${process.pid}`;
  writeFileSync(fresh, certificate + key, { mode: 0o600 });
  renameSync(fresh, file);
  return checked(certificate + key, file, nowMs);
}

function namesOfMachine(): string[] {
  const own = hostname().toLowerCase();
  const names = /^[a-z0-9.-]+$/.test(own) ? ['localhost', own] : ['localhost'];
  return [...new Set([...names, '127.0.0.1', '::1'])];
}

function readKept(file: string, names: readonly string[], nowMs: number): CertificateMaterial | null {
  try {
    const text = readFileSync(file, 'latin1');
    const certificate = new X509Certificate(text);
    const isGood = certificate.validToDate.getTime() - nowMs > RENEWED_BEFORE_MS;
    const found = namesOf(certificate);
    return isGood && names.every((name) => found.includes(name) || name === '::1')
      ? checked(text, file, nowMs)
      : null;
  } catch {
    return null; // None yet, or one that is of no use.
  }
}

function checked(text: string, file: string, nowMs: number): CertificateMaterial {
  return checkCertificate(text, text, { certificate: file, key: file }, nowMs).material;
}
