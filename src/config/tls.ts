/** From the settings about TLS to those of the Configuration, and what is wrong between them. */
import type { ListenAddress } from './listen-address.ts';
import { placeOf } from './origin.ts';
import { type Entry, entryOf } from './resolve.ts';
import type { CertificateFiles } from './sections/certificate.ts';
import type { FeatureSettings } from './sections/features.ts';
import type { RouteSettings } from './sections/route.ts';
import type { Sections } from './sections/table.ts';
import type { SettingName, Values } from './settings/table.ts';
import type { AcmeSettings, TlsSettings } from './tls-settings.ts';

/** Null when no listener speaks TLS. */
export function tlsSettings(
  values: Values,
  sections: Sections,
  listeners: readonly ListenAddress[],
): TlsSettings | null {
  if (!listeners.some(({ tls }) => tls === true)) return null;
  return {
    certificates: [...certificatesOfSettings(values), ...sections.certificates],
    acme: acmeSettings(sections),
    selfSigned: values['https-self-signed'],
    minVersion: values['ssl-protocol-min'] === 'tls1.3' ? 'TLSv1.3' : 'TLSv1.2',
    ciphers: values['ssl-ciphers'],
    strictSni: values['ssl-strict-sni'],
    handshakeTimeoutMs: Math.round(values['ssl-handshake-timeout'] * 1000),
    handshakesMax: values['max-handshakes'],
    sessionTimeoutMs: Math.round(values['ssl-session-timeout'] * 1000),
    clientAuthorities: values['ssl-ca-certificate-file'],
    ...clientVerification(values, sections),
    environment: values['ssl-environment'],
  };
}

/** Who is asked for a certificate, and who needs one. */
function clientVerification(
  values: Values,
  sections: Sections,
): Pick<TlsSettings, 'clientVerify' | 'clientVerifyUrls' | 'clientVerifyHosts'> {
  const clientVerifyUrls = values['ssl-verify-client'];
  const all = { clientVerifyUrls, clientVerifyHosts: null };
  if (values['ssl-ca-certificate-file'] === null) return { clientVerify: 'none', ...all };
  const isAsked = clientVerifyUrls.length > 0 || wantCertificate(sections.features, sections.routes);
  const sites = sections.sites.filter(({ features, routes }) => wantCertificate(features, routes));
  if (isAsked) return { clientVerify: 'optional', ...all };
  if (sites.length === 0) return { clientVerify: 'required', ...all };
  const hosts = sites.flatMap((site) => site.hosts.map((host) => host.replace(/:\d+$/, '')));
  return { clientVerify: 'optional', clientVerifyUrls, clientVerifyHosts: [...new Set(hosts)] };
}

function wantCertificate(features: FeatureSettings, routes: readonly RouteSettings[]): boolean {
  return [features, ...routes].some((place) => place['client-certificate'] !== null);
}

/** Without names of its own: for the hosts of all sites that an authority can issue certificates for. */
function acmeSettings({ acme, sites }: Sections): AcmeSettings | null {
  if (acme === null) return null;
  const { names, place: _place, ...settings } = acme;
  return { ...settings, names: names ?? certifiable(sites.flatMap(({ hosts }) => hosts)) };
}

/** Names with a dot: no wildcards, no addresses. */
function certifiable(hosts: readonly string[]): string[] {
  const names = hosts.map((host) => host.replace(/:\d+$/, ''));
  return [...new Set(names)].filter((name) => /^[a-z\d.-]+\.[a-z][a-z\d-]+$/.test(name));
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
    ...needs('https-public-port', 'https-only'),
  ];
  const secure = listeners.filter(({ tls }) => tls === true);
  mistakes.push(...findUnverified(values, sections, secure.length > 0));
  const { acme } = sections;
  if (acme !== null && acmeSettings(sections)!.names.length === 0)
    mistakes.push(`${acme.place}: needs names, as no site has a host that a certificate could be for`);
  if (secure.length === 0) {
    const idle = TLS_ONLY.filter((name) => placed(name) !== null && !isUnset(values[name]));
    const where = 'a listener with TLS: --https-port, or https:// before an address of --listen';
    if (acme !== null) mistakes.push(`${acme.place}: found without ${where}`);
    mistakes.push(...idle.map((name) => `${placed(name)}: found without ${where}`));
  } else if (!hasCertificates(values, sections)) {
    const place = placed('https-port') ?? placed('listen') ?? placed('admin-listen') ?? 'https-port';
    const ways = 'ssl-certificate, ssl-certificate-file, [[certificates]], [acme] or https-self-signed';
    mistakes.push(`${place}: found TLS without a certificate; allowed: ${ways}`);
  }
  return mistakes;
}

/** Routes that need a certificate of clients, which nobody asks them for. */
function findUnverified(values: Values, { features, routes, sites }: Sections, hasTls: boolean): string[] {
  const missing = [
    ...(values['ssl-ca-certificate-file'] === null ? ['ssl-ca-certificate-file'] : []),
    ...(hasTls ? [] : ['a listener with TLS']),
  ];
  if (missing.length === 0) return [];
  const places = [features, ...routes, ...sites.flatMap((site) => [site.features, ...site.routes])];
  return places.flatMap(({ 'client-certificate': settings }) =>
    settings === null ? [] : [`${settings.place}: found without ${missing.join(' and ')}`],
  );
}

function hasCertificates(values: Values, sections: Sections): boolean {
  const { acme, certificates } = sections;
  const isNamed = certificatesOfSettings(values).length + certificates.length > 0;
  return isNamed || acme !== null || values['https-self-signed'];
}

function isUnset(value: unknown): boolean {
  return value === null || value === false || (Array.isArray(value) && value.length === 0);
}
