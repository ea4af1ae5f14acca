/** Request targets (RFC 9112, section 3.2): origin-form, absolute-form, authority-form and asterisk-form. */
import { hexValues } from './characters.ts';
import { Refusal } from './refusal.ts';

export interface RequestTarget {
  readonly path: string;
  readonly decodedPath: string;
  readonly query: string;
  /** Of an absolute-form or authority-form target; null otherwise: the Host field has it. */
  readonly authority: string | null;
}

/** Host as RFC 3986 has it: a name or IPv4 address, or an IPv6 literal in brackets; an optional port. */
const AUTHORITY = /^(?:[A-Za-z0-9\-._~!$&'()*+,;=%]+|\[[0-9A-Fa-f:.]+\])(?::\d{0,5})?$/;
/** User information, without the characters by which two readers could find different hosts behind it. */
const USER = /^[A-Za-z0-9\-._~!$&'()*+,;=:%]*$/;
const ABSOLUTE = /^https?:\/\/([^/?]*)/i;

export function isAuthority(text: string): boolean {
  return AUTHORITY.test(text);
}

export function parseTarget(method: string, target: string): RequestTarget | Refusal {
  if (method === 'CONNECT') {
    if (!isAuthority(target) || !/:\d+$/.test(target))
      return new Refusal(400, 'CONNECT target is not host:port');
    return { path: '', decodedPath: '', query: '', authority: target };
  }
  if (target.charCodeAt(0) === 47 /* / */) return splitPath(target, null);
  if (target === '*') {
    if (method !== 'OPTIONS') return new Refusal(400, 'target * with a method other than OPTIONS');
    return { path: '*', decodedPath: '*', query: '', authority: null };
  }
  const absolute = ABSOLUTE.exec(target);
  if (absolute === null) return new Refusal(400, 'malformed request target');
  const named = absolute[1]!;
  // User information is no part of the host (RFC 9110, section 4.2.4); it is not passed on.
  const userEnd = Math.max(0, named.lastIndexOf('@'));
  const authority = userEnd === 0 ? named : named.slice(userEnd + 1);
  if (!isAuthority(authority) || !USER.test(named.slice(0, userEnd)))
    return new Refusal(400, 'malformed host in the request target');
  const rest = target.slice(absolute[0].length);
  return splitPath(rest.charCodeAt(0) === 47 ? rest : `/${rest}`, authority);
}

function splitPath(target: string, authority: string | null): RequestTarget | Refusal {
  // A fragment never belongs into a request; it is cut off as other servers do, not passed to the application.
  const fragment = target.indexOf('#');
  const whole = fragment < 0 ? target : target.slice(0, fragment);
  const mark = whole.indexOf('?');
  const path = mark < 0 ? whole : whole.slice(0, mark);
  const decodedPath = path.includes('%') ? percentDecode(path) : path;
  if (decodedPath === null) return new Refusal(400, 'malformed percent-encoding in the path');
  return { path, decodedPath, query: mark < 0 ? '' : whole.slice(mark + 1), authority };
}

/** To bytes (latin-1); null when an escape is malformed or hides a NUL, which no file system or protocol behind us can carry. */
function percentDecode(path: string): string | null {
  let decoded = '';
  let from = 0;
  for (let at = path.indexOf('%'); at >= 0; at = path.indexOf('%', from)) {
    const high = hexValues[path.charCodeAt(at + 1)];
    const low = hexValues[path.charCodeAt(at + 2)];
    if (high === undefined || low === undefined || high === 255 || low === 255) return null;
    const code = high * 16 + low;
    if (code === 0) return null;
    decoded += path.slice(from, at) + String.fromCharCode(code);
    from = at + 3;
  }
  return decoded + path.slice(from);
}
