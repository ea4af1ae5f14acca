/**
 * From a URL path to a file: the place that keeps requests inside the root of an alias.
 *
 * Names are bytes on both sides: paths are latin-1 strings with one character a byte, so every name a file system
 * can hold is reachable and none is changed on the way. Symbolic links are followed (nginx's default).
 */
import { isBelow, pathPrefix } from '../../base/url-path.ts';
import type { UrlAlias } from '../../config/configuration.ts';

const INDEX = 'index.html';

/** A segment that begins with a dot (`.git`, `.env`); `.well-known` is there to be found (RFC 8615). */
const HIDDEN = /\/\.(?!well-known(?:\/|$))/;

/** The file (latin-1) for a canonical path; null when the path is not of this alias or must not be served. */
export function fileLocator(alias: UrlAlias): (canonicalPath: string) => string | null {
  const prefix = pathPrefix(alias.url);
  const root = Buffer.from(alias.path, 'utf8').toString('latin1').replace(/\/+$/, '');
  return (path) => {
    if (!isBelow(path, prefix)) return null;
    const rest = path.slice(prefix.length);
    if (rest.includes('\0') || HIDDEN.test(rest)) return null;
    return `${root}${rest.endsWith('/') ? `${rest}${INDEX}` : rest}` || '/';
  };
}
