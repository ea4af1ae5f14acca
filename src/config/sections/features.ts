/**
 * Features: what can be said at the top of the file (for everything), in a site, and in a route. They are in the order
 * in which a request meets them, and an answer meets them backwards.
 */
import { nested } from '../section.ts';
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
  'response-headers': nested(responseHeaders),
  'error-pages': nested(errorPages),
  'address-rules': nested(addressRules),
  'limit-requests': nested(limitRequests),
  'limit-in-flight': nested(limitInFlight),
  'limit-request-body': nested(limitRequestBody),
  'client-certificate': nested(clientCertificate),
  'signed-links': nested(signedLinks),
  'basic-auth': nested(basicAuth),
  'digest-auth': nested(digestAuth),
  'auth-scripts': nested(authScripts),
  'forward-auth': nested(forwardAuth),
  cache: nested(cache),
  compress: nested(compress),
  'request-headers': nested(requestHeaders),
  rewrite: nested(rewrite),
  sendfile: nested(sendfile),
};

/** Null: not here. */
export interface FeatureSettings {
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

export const featureNames = Object.keys(features) as readonly (keyof FeatureSettings)[];

export const NO_FEATURES = Object.fromEntries(
  featureNames.map((name) => [name, null]),
) as unknown as FeatureSettings;
