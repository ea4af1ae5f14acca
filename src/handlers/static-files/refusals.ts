/** Answers without a file: what is not there, what must not be read, where else to look. */
import { encodePath, encodeQuery } from '../../base/url-path.ts';
import type { Exchange } from '../../exchange.ts';
import { LinkRefused } from '../../files/file-tree.ts';
import { reasonPhrase } from '../../status.ts';
import type { Log } from '../../telemetry/log.ts';

const NOT_FOUND = new Set(['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP']);
const FORBIDDEN = new Set(['EACCES', 'EPERM']);

/** Is a file that cannot be had for this reason simply not there? */
export function meansMissing(error: NodeJS.ErrnoException): boolean {
  return NOT_FOUND.has(error.code ?? '') && !(error instanceof LinkRefused);
}

export function refuseForError(
  exchange: Exchange,
  error: NodeJS.ErrnoException,
  fileName: string,
  log: Log,
): void {
  const what = `[request ${exchange.id}] ${Buffer.from(fileName, 'latin1').toString('utf8')}: ${error.message}`;
  if (error instanceof LinkRefused) {
    log.warn('symlink-refused', what);
    return refuseMissing(exchange);
  }
  log.error('static-file-failed', what);
  if (FORBIDDEN.has(error.code ?? '')) exchange.abort(403, 'The server may not read this file.');
  else exchange.abort(500, 'The file could not be read.');
}

/** Files that are hidden, outside or not there: a client cannot tell which. */
export function refuseMissing(exchange: Exchange): void {
  exchange.abort(404, 'There is no such file.');
}

export function refuseMethod(exchange: Exchange): void {
  answerShortly(exchange, 405, 'Allow', 'GET, HEAD');
}

/**
 * A directory asked for without its final slash. The path is canonical and encoded anew, so that `//host` or `/\host`
 * can never come out of it.
 */
export function redirectToDirectory(exchange: Exchange, canonicalPath: string): void {
  const query = encodeQuery(exchange.request.query);
  const location = `${encodePath(canonicalPath)}/${query === '' ? '' : `?${query}`}`;
  answerShortly(exchange, 301, 'Location', location);
}

/** Short answers that need a field of their own. */
function answerShortly(exchange: Exchange, status: number, name: string, value: string): void {
  const text = `${status} ${reasonPhrase(status)}\n`;
  exchange.respond(status, ['Content-Type', 'text/plain; charset=utf-8', name, value], text);
}
