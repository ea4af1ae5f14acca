/**
 * Features: what can be said at the top of the file (for everything), in a site, and in a route. They are in the order
 * in which a request meets them, and an answer meets them backwards. Inside of another one a place can switch one off,
 * but those that change what routes are chosen by.
 */
import { nested, type PartValues, switchable } from '../section.ts';
import { type AddressRulesSettings, addressRules } from './address-rules.ts';
import { type AuthScriptsSettings, authScripts } from './auth-scripts.ts';
import { type BasicAuthSettings, basicAuth } from './basic-auth.ts';
import { type CacheSettings, cache } from './cache.ts';
import { type ClientCertificateSettings, clientCertificate } from './client-certificate.ts';
import { type CompressSettings, compress } from './compress.ts';
import { type DigestAuthSettings, digestAuth } from './digest-auth.ts';
import { type ErrorPagesSettings, errorPages } from './error-pages.ts';
import { type ForwardAuthSettings, forwardAuth } from './forward-auth.ts';
import { type GeoipSettings, geoip } from './geoip.ts';
import { type LimitInFlightSettings, limitInFlight } from './limit-in-flight.ts';
import { type LimitRequestBodySettings, limitRequestBody } from './limit-request-body.ts';
import { type LimitRequestsSettings, limitRequests } from './limit-requests.ts';
import { type RequestHeadersSettings, requestHeaders } from './request-headers.ts';
import { type ResponseHeadersSettings, responseHeaders } from './response-headers.ts';
import { type RewriteSettings, rewrite } from './rewrite.ts';
import { type SendfileSettings, sendfile } from './sendfile.ts';
import { type SignedLinksSettings, signedLinks } from './signed-links.ts';

export const features = {
  geoip: nested(geoip),
  'response-headers': switchable(responseHeaders),
  'error-pages': switchable(errorPages),
  'address-rules': switchable(addressRules),
  'limit-requests': switchable(limitRequests),
  'limit-in-flight': switchable(limitInFlight),
  'limit-request-body': nested(limitRequestBody),
  'client-certificate': switchable(clientCertificate),
  'signed-links': switchable(signedLinks),
  'basic-auth': switchable(basicAuth),
  'digest-auth': switchable(digestAuth),
  'auth-scripts': switchable(authScripts),
  'forward-auth': switchable(forwardAuth),
  cache: switchable(cache),
  compress: switchable(compress),
  'request-headers': nested(requestHeaders),
  rewrite: nested(rewrite),
  sendfile: switchable(sendfile),
};

/** Null: not here. */
interface Features {
  readonly geoip: GeoipSettings | null;
  readonly 'response-headers': ResponseHeadersSettings | null;
  readonly 'error-pages': ErrorPagesSettings | null;
  readonly 'address-rules': AddressRulesSettings | null;
  readonly 'limit-requests': LimitRequestsSettings | null;
  readonly 'limit-in-flight': LimitInFlightSettings | null;
  readonly 'limit-request-body': LimitRequestBodySettings | null;
  readonly 'client-certificate': ClientCertificateSettings | null;
  readonly 'signed-links': SignedLinksSettings | null;
  readonly 'basic-auth': BasicAuthSettings | null;
  readonly 'digest-auth': DigestAuthSettings | null;
  readonly 'auth-scripts': AuthScriptsSettings | null;
  readonly 'forward-auth': ForwardAuthSettings | null;
  readonly cache: CacheSettings | null;
  readonly compress: CompressSettings | null;
  readonly 'request-headers': RequestHeadersSettings | null;
  readonly rewrite: RewriteSettings | null;
  readonly sendfile: SendfileSettings | null;
}

export type FeatureName = keyof Features;

export interface FeatureSettings extends Features {
  /** Those that are said further out, and do not hold here. */
  readonly off: readonly FeatureName[];
  /** Those of them that keep somebody out. */
  readonly opens: readonly FeatureName[];
}

/** What a place may keep clients out with. */
export const guardNames: readonly FeatureName[] = [
  'address-rules',
  'client-certificate',
  'signed-links',
  'basic-auth',
  'digest-auth',
  'auth-scripts',
  'forward-auth',
];

export const featureNames = Object.keys(features) as readonly FeatureName[];

export const NO_FEATURES = featureSettings({});

/** Of a place that can have features. */
export function featureSettings(values: Partial<PartValues<typeof features>>): FeatureSettings {
  const given = Object.fromEntries(featureNames.map((name) => [name, values[name] || null]));
  const off = featureNames.filter((name) => values[name] === false);
  const opens = off.filter((name) => guardNames.includes(name));
  return { ...(given as unknown as Features), off, opens };
}
