/** The sections that stand at the top of the configuration file, beside the settings. */
import { manyOf, namedBy, nested, section } from '../section.ts';
import { accessLog, type MakeAccessLog } from './access-log.ts';
import { type AcmeSection, acme } from './acme.ts';
import { type CacheStoreSettings, cacheStore, DEFAULT_CACHE_STORE } from './cache-store.ts';
import { type CertificateFiles, certificate } from './certificate.ts';
import { type FeatureSettings, featureSettings, features } from './features.ts';
import { type FileOptions, filesAtTop } from './files.ts';
import { type LimitConnectionsSettings, limitConnections } from './limit-connections.ts';
import { type RouteSettings, route } from './route.ts';
import { type NamedSite, site } from './site.ts';
import { type UpstreamSettings, upstream } from './upstream.ts';

export interface Sections {
  /** For everything. */
  readonly features: FeatureSettings;
  /** Of the default site. */
  readonly routes: readonly RouteSettings[];
  readonly sites: readonly NamedSite[];
  readonly certificates: readonly CertificateFiles[];
  readonly acme: AcmeSection | null;
  readonly cacheStore: CacheStoreSettings;
  /** Null: no limit. */
  readonly limitConnections: LimitConnectionsSettings | null;
  readonly accessLogs: readonly MakeAccessLog[];
  /** For the URL aliases; null: nothing is said of them. */
  readonly files: FileOptions | null;
  /** Servers for `proxy`, by name. */
  readonly upstreams: Readonly<Record<string, UpstreamSettings>>;
}

/** At the top of the file that is a setting. */
const { 'limit-request-body': _, ...featuresAtTop } = features;

export const sections = section({
  help: 'the configuration file',
  parts: {
    ...featuresAtTop,
    files: nested(filesAtTop),
    routes: manyOf(route),
    sites: manyOf(site),
    certificates: manyOf(certificate),
    acme: nested(acme),
    'cache-store': nested(cacheStore),
    'limit-connections': nested(limitConnections),
    'access-logs': manyOf(accessLog),
    upstreams: namedBy(upstream),
  },
  build: ({
    routes,
    sites,
    files,
    certificates,
    acme,
    'cache-store': store,
    'limit-connections': limitOfConnections,
    'access-logs': accessLogs,
    upstreams,
    ...given
  }): Sections => ({
    features: featureSettings(given),
    routes,
    sites,
    files,
    certificates,
    acme,
    cacheStore: store ?? DEFAULT_CACHE_STORE,
    limitConnections: limitOfConnections,
    accessLogs,
    upstreams,
  }),
});

export function isSectionName(name: string): boolean {
  return Object.hasOwn(sections.parts, name);
}
