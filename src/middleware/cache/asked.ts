/** What the cache has to know of a request beyond its key. */
import { derivedRequest } from '../../derived-request.ts';
import type { Exchange, Request } from '../../exchange.ts';
import { fieldName, RequestFields } from '../../fields.ts';
import { type Directives, parseCacheControl } from './directives.ts';
import type { Entry } from './entry.ts';

/** It asks for less than the whole: with a condition or a range. */
export const PARTIAL = 1;
export const RANGE = 2;
export const CONTROL = 4;
export const AUTHORIZED = 8;
export const UPGRADE = 16;

const TRAITS = new Map<string, number>([
  ['if-match', PARTIAL],
  ['if-none-match', PARTIAL],
  ['if-modified-since', PARTIAL],
  ['if-unmodified-since', PARTIAL],
  ['if-range', PARTIAL],
  ['range', PARTIAL | RANGE],
  ['cache-control', CONTROL],
  ['pragma', CONTROL],
  ['authorization', AUTHORIZED],
  ['upgrade', UPGRADE],
]);

/** One look at the names; for most requests 0. */
export function traitsOf({ names }: RequestFields): number {
  let traits = 0;
  for (let i = 0; i < names.length; i++) traits |= TRAITS.get(names[i]!.lower) ?? 0;
  return traits;
}

/** Who has signed in with a middleware of ours is as good as one with an Authorization field. */
export function isAuthorized(environ: Exchange['environ'], traits: number): boolean {
  if ((traits & AUTHORIZED) !== 0) return true;
  return environ !== null && (environ.includes('REMOTE_USER') || environ.includes('AUTH_TYPE'));
}

/** Pragma counts where there is no Cache-Control (RFC 9111, section 5.4). */
export function requestDirectives({ fields }: Request): Directives {
  return parseCacheControl(fields.joined('cache-control') ?? fields.joined('pragma'));
}

const IF_NONE_MATCH = fieldName('If-None-Match');
const IF_MODIFIED_SINCE = fieldName('If-Modified-Since');

/** The request for a whole response, on the condition that it is another one than `stored`. */
export function wholeRequest(request: Request, stored: Entry | null): Request {
  const fields = new RequestFields();
  for (let i = 0; i < request.fields.names.length; i++) {
    const name = request.fields.names[i]!;
    if (((TRAITS.get(name.lower) ?? 0) & PARTIAL) === 0) fields.add(name, request.fields.values[i]!);
  }
  const { etag = null, lastModified = null } = stored?.head ?? {};
  if (etag !== null) fields.add(IF_NONE_MATCH, etag);
  if (lastModified !== null) fields.add(IF_MODIFIED_SINCE, lastModified);
  return derivedRequest(request, { method: 'GET', fields });
}
