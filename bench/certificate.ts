/** The certificate of the cases over TLS, the same for every stack of a run. */
import { selfSigned } from '../src/tls/x509.ts';
import type { Case } from './cases.ts';

const { certificate, key } = selfSigned({
  names: ['127.0.0.1'],
  nowMs: Date.now(),
  lifetimeMs: 24 * 3600_000,
});

/** Files by name, for the directory of a job. */
export function certificateFiles({ tls }: Case): Readonly<Record<string, string>> {
  return tls ? { 'server.crt': certificate, 'server.key': key } : {};
}
