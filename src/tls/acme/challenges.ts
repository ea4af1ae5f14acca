/** What a gateway has to answer so that an ACME server believes that the host is ours. */
import { createHash } from 'node:crypto';
import type { AcmeChallenges } from '../../control/messages.ts';
import { selfSigned } from '../x509.ts';
import type { Challenge } from './client.ts';

const LIFETIME_MS = 24 * 3600_000;

export function layOut({ type, name, token, keyAuthorization }: Challenge, nowMs: number): AcmeChallenges {
  if (type === 'http-01') return { http: { [token]: keyAuthorization }, alpn: {} };
  // RFC 8737, section 3: a certificate for the host with the digest of the key authorization.
  const acmeIdentifier = createHash('sha256').update(keyAuthorization).digest();
  const proof = selfSigned({ names: [name], nowMs, lifetimeMs: LIFETIME_MS, acmeIdentifier });
  return { http: {}, alpn: { [name]: proof } };
}
