/**
 * The static-files handler: GET and HEAD of the files below a URL alias, with conditional requests, ranges and
 * `index.html`, but without directory listings.
 *
 * A small file that was looked at within the last second is answered at once from memory (file-store.ts); every
 * other request takes the slow path through the file system. Paths are made safe in file-path.ts.
 */
import { close } from 'node:fs';
import { STATUS_CODES } from 'node:http';
import { canonicalPath, encodePath, encodeQuery } from '../../base/url-path.ts';
import type { UrlAlias } from '../../config/configuration.ts';
import type { Exchange } from '../../exchange.ts';
import type { Handler } from '../../handler.ts';
import type { Log } from '../../telemetry/log.ts';
import { fileLocator } from './file-path.ts';
import { type FileInMemory, FileStore, type Found, openFile } from './file-store.ts';
import { streamFile } from './file-stream.ts';
import { planAnswer } from './plan.ts';
import { lengthBytes, type Part } from './ranges.ts';
import { describe, type Representation } from './representation.ts';

export interface StaticFilesOptions {
  readonly log: Log;
  /** Shared by the aliases of one site, so that they share one limit of memory. */
  readonly store?: FileStore;
}

export function createStaticFiles(
  alias: UrlAlias,
  { log, store = new FileStore() }: StaticFilesOptions,
): Handler {
  const locate = fileLocator(alias);

  function findAndSend(exchange: Exchange): void {
    const path = canonicalPath(exchange.request.decodedPath);
    const fileName = locate(path);
    if (fileName === null) {
      refuseMissing(exchange);
      return;
    }
    const isGone = watchForGone(exchange);
    store.find(path, fileName, (found) => {
      if (!isGone()) send(exchange, path, fileName, found);
    });
  }

  function send(exchange: Exchange, path: string, fileName: string, found: Found): void {
    if (found.kind === 'file') {
      sendFromMemory(exchange, found.file);
    } else if (found.kind === 'large-file') {
      openAndStream(exchange, fileName, (error) => refuseForError(exchange, error, fileName, log));
    } else if (found.kind === 'error') {
      refuseForError(exchange, found.error, fileName, log);
    } else if (path.endsWith('/')) {
      refuseMissing(exchange); // The index is itself a directory: a redirect would come back to it.
    } else {
      redirect(exchange, path);
    }
  }

  return (exchange) => {
    const { method, decodedPath } = exchange.request;
    if (method === 'GET' || method === 'HEAD') {
      const file = store.fresh(decodedPath);
      if (file !== null) sendFromMemory(exchange, file);
      else findAndSend(exchange);
    } else {
      answerShortly(exchange, 405, 'Allow', 'GET, HEAD');
    }
  };
}

function sendFromMemory(exchange: Exchange, { representation, body }: FileInMemory): void {
  const { status, fields, parts } = planAnswer(exchange.request, representation);
  exchange.respond(status, fields, parts === null ? body : pick(body, parts));
}

function pick(body: Buffer, parts: readonly Part[]): Buffer {
  const pieces = parts.map((part) =>
    typeof part === 'string' ? Buffer.from(part, 'latin1') : body.subarray(part.start, part.end),
  );
  return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
}

/** The plan is made of the open file's own description, so that head and body cannot be of two files. */
function openAndStream(exchange: Exchange, fileName: string, onError: (error: Error) => void): void {
  const isGone = watchForGone(exchange);
  openFile(fileName, (error, file) => {
    if (error !== null) {
      if (!isGone()) onError(error);
    } else if (isGone()) {
      closeQuietly(file.fd);
    } else {
      sendOpenFile(exchange, file.fd, describe(fileName, file.stats));
    }
  });
}

function sendOpenFile(exchange: Exchange, fd: number, file: Representation): void {
  const { status, fields, parts } = planAnswer(exchange.request, file);
  if (status === 304) {
    closeQuietly(fd);
    exchange.respond(status, fields, '');
    return;
  }
  const wanted = parts ?? [{ start: 0, end: file.sizeBytes }];
  exchange.start(status, [...fields, 'Content-Length', String(lengthBytes(wanted))]);
  streamFile(exchange, fd, exchange.request.method === 'HEAD' ? [] : wanted);
}

/**
 * A directory asked for without its final slash. The path is canonical and encoded anew, so that `//host` or `/\host`
 * can never come out of it.
 */
function redirect(exchange: Exchange, path: string): void {
  const query = encodeQuery(exchange.request.query);
  answerShortly(exchange, 301, 'Location', `${encodePath(path)}/${query === '' ? '' : `?${query}`}`);
}

const NOT_FOUND = new Set(['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP']);
const FORBIDDEN = new Set(['EACCES', 'EPERM']);

function refuseForError(exchange: Exchange, error: NodeJS.ErrnoException, fileName: string, log: Log): void {
  const code = error.code ?? '';
  if (NOT_FOUND.has(code)) {
    refuseMissing(exchange);
    return;
  }
  const file = Buffer.from(fileName, 'latin1').toString('utf8');
  log.error('static-file-failed', `[request ${exchange.id}] ${file}: ${error.message}`);
  if (FORBIDDEN.has(code)) exchange.abort(403, 'The server may not read this file.');
  else exchange.abort(500, 'The file could not be read.');
}

/** Files that are hidden, outside or not there: a client cannot tell which. */
function refuseMissing(exchange: Exchange): void {
  exchange.abort(404, 'There is no such file.');
}

/** Short answers that need fields of their own. */
function answerShortly(exchange: Exchange, status: number, name: string, value: string): void {
  const text = `${status} ${STATUS_CODES[status]}\n`;
  exchange.respond(status, ['Content-Type', 'text/plain; charset=utf-8', name, value], text);
}

/** While a handler waits for the file system the client may leave: ask before sending or opening anything. */
function watchForGone(exchange: Exchange): () => boolean {
  let gone = false;
  exchange.onGone = () => {
    gone = true;
  };
  return () => gone;
}

function closeQuietly(fd: number): void {
  close(fd, () => {});
}
