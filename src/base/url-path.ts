/**
 * URL paths as routing and static files compare them: decoded bytes (latin-1), one slash between segments, dot
 * segments resolved. The application never sees this form; its path is passed on as the client sent it.
 */

const SLASH = 0x2f;

/**
 * The one spelling of a decoded path: `//` merged and `.` and `..` resolved (RFC 3986, section 5.2.4, which never
 * climbs above the root). A final slash stays, and a final dot segment leaves one, because both name a directory.
 * What does not begin with a slash (the `*` of OPTIONS) is no path and is returned as it is.
 */
export function canonicalPath(path: string): string {
  if (path.charCodeAt(0) !== SLASH || !(path.includes('//') || path.includes('/.'))) return path;
  const segments: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') segments.pop();
    else if (segment !== '.' && segment !== '') segments.push(segment);
  }
  const isDirectory = segments.length > 0 && /\/\.{0,2}$/.test(path);
  return `/${segments.join('/')}${isDirectory ? '/' : ''}`;
}

/** Does it climb: `/a/../b`? No browser sends such a path; it resolves it before. */
export function climbs(path: string): boolean {
  return path.includes('/..') && /\/\.\.(\/|$)/.test(path);
}

/** A URL path of the configuration as a prefix of canonical paths: no final slash, so '' for the root. */
export function pathPrefix(url: string): string {
  const canonical = canonicalPath(Buffer.from(url, 'utf8').toString('latin1'));
  return canonical.endsWith('/') ? canonical.slice(0, -1) : canonical;
}

/** Does `path` name the prefix itself or something below it? `/static` covers `/static/x`, but not `/staticx`. */
export function isBelow(path: string, prefix: string): boolean {
  return (
    path.startsWith(prefix) && (path.length === prefix.length || path.charCodeAt(prefix.length) === SLASH)
  );
}

/** A decoded path as a URL again: everything but unreserved characters, sub-delimiters, `:`, `@` and `/` is escaped. */
export function encodePath(path: string): string {
  return path.replace(/[^\w.~!$&'()*+,;=:@/-]/g, escapeByte);
}

/** A query made safe for a header field: bytes that no URL may hold are escaped, existing escapes stay. */
export function encodeQuery(query: string): string {
  return query.replace(/[^\x21-\x7e]/g, escapeByte);
}

/** A path of a URL as bytes (latin-1); null when an escape is malformed or hides a NUL. */
export function decodePath(path: string): string | null {
  if (!path.includes('%')) return path;
  if (/%(?![\dA-Fa-f]{2})|%00/.test(path)) return null;
  return path.replace(/%(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

export function escapeByte(byte: string): string {
  return `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}
