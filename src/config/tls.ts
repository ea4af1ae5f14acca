/** From the settings about TLS to those of the Configuration, and what is wrong between them. */
import type { CertificateFiles, ListenAddress, TlsSettings } from './configuration.ts';
import { placeOf } from './origin.ts';
import { type Entry, entryOf } from './resolve.ts';
import type { Sections } from './sections/table.ts';
import type { SettingName, Values } from './settings/table.ts';

/** Null when no listener speaks TLS. */
export function tlsSettings(
  values: Values,
  { certificates }: Sections,
  listeners: readonly ListenAddress[],
): TlsSettings | null {
  if (!listeners.some(({ tls }) => tls === true)) return null;
  const clientVerifyUrls = values['ssl-verify-client'];
  const wanted = clientVerifyUrls.length === 0 ? 'required' : 'optional';
  return {
    certificates: [...certificatesOfSettings(values), ...certificates],
    selfSigned: values['https-self-signed'],
    minVersion: values['ssl-protocol-min'] === 'tls1.3' ? 'TLSv1.3' : 'TLSv1.2',
    ciphers: values['ssl-ciphers'],
    strictSni: values['ssl-strict-sni'],
    handshakeTimeoutMs: Math.round(values['ssl-handshake-timeout'] * 1000),
    handshakesMax: values['max-handshakes'],
    sessionTimeoutMs: Math.round(values['ssl-session-timeout'] * 1000),
    clientAuthorities: values['ssl-ca-certificate-file'],
    clientVerify: values['ssl-ca-certificate-file'] === null ? 'none' : wanted,
    clientVerifyUrls,
    environment: values['ssl-environment'],
  };
}

export function certificatesOfSettings(values: Values): CertificateFiles[] {
  const file = values['ssl-certificate-file'];
  const chain = values['ssl-certificate-chain-file'];
  const explicit =
    file === null ? [] : [{ certificate: file, key: values['ssl-certificate-key-file']!, chain }];
  const prefixes = values['ssl-certificate'];
  return [
    ...explicit,
    ...prefixes.map((prefix) => ({ certificate: `${prefix}.crt`, key: `${prefix}.key`, chain: null })),
  ];
}

/** Settings that have no meaning without a listener that speaks TLS. */
const TLS_ONLY: readonly SettingName[] = [
  'https-only',
  'hsts-policy',
  'ssl-certificate',
  'ssl-certificate-file',
  'ssl-ca-certificate-file',
  'ssl-environment',
];

/** Each complete with its place. */
export function findTlsMistakes(
  values: Values,
  entries: readonly Entry[],
  sections: Sections,
  listeners: readonly ListenAddress[],
): string[] {
  const placed = (name: SettingName) => {
    const entry = entryOf(entries, name);
    return entry === undefined || entry.origin.kind === 'default' ? null : placeOf(entry.origin, name);
  };
  const needs = (name: SettingName, other: SettingName) => {
    const isWrong = placed(name) !== null && isUnset(values[name]) === false && isUnset(values[other]);
    return isWrong ? [`${placed(name)}: found without ${other}; allowed: both`] : [];
  };
  const mistakes = [
    ...needs('ssl-certificate-file', 'ssl-certificate-key-file'),
    ...needs('ssl-certificate-key-file', 'ssl-certificate-file'),
    ...needs('ssl-certificate-chain-file', 'ssl-certificate-file'),
    ...needs('ssl-verify-client', 'ssl-ca-certificate-file'),
  ];
  const secure = listeners.filter(({ tls }) => tls === true);
  if (secure.length === 0) {
    const idle = TLS_ONLY.filter((name) => placed(name) !== null && !isUnset(values[name]));
    const where = 'a listener with TLS: --https-port, or https:// before an address of --listen';
    mistakes.push(...idle.map((name) => `${placed(name)}: found without ${where}`));
  } else if (certificatesOfSettings(values).length + sections.certificates.length === 0) {
    const place = placed('https-port') ?? placed('listen') ?? placed('admin-listen') ?? 'https-port';
    const ways = 'ssl-certificate, ssl-certificate-file, [[certificates]] or https-self-signed';
    if (!values['https-self-signed'])
      mistakes.push(`${place}: found TLS without a certificate; allowed: ${ways}`);
  }
  return mistakes;
}

function isUnset(value: unknown): boolean {
  return value === null || value === false || (Array.isArray(value) && value.length === 0);
}
