/**
 * The static-files handler: GET and HEAD of the files below a root, with conditional requests and ranges, index files,
 * listings, compressed forms beside the files, and files that are tried in turn.
 *
 * A file that was looked at within the last second is answered at once from what file-store.ts keeps; every other
 * request takes the slow path through the file system. Paths are made safe in file-path.ts, links in file-tree.ts.
 */
import { canonicalPath, pathPrefix } from '../../base/url-path.ts';
import type { FilesSettings } from '../../config/sections/files.ts';
import type { Exchange } from '../../exchange.ts';
import { type FileTree, fileTree, type Listed } from '../../files/file-tree.ts';
import { sendFromMemory, sendOpenFile } from '../../files/send-file.ts';
import type { Handler } from '../../handler.ts';
import type { Log } from '../../telemetry/log.ts';
import { compileFileFields } from './file-fields.ts';
import { compileHidden, pathBelow } from './file-path.ts';
import { type FileStore, release, type StoredEntry, StoredFiles } from './file-store.ts';
import { answerListing, LISTED_MAX } from './listing.ts';
import {
  meansMissing,
  redirectToDirectory,
  refuseForError,
  refuseMethod,
  refuseMissing,
} from './refusals.ts';
import { type Attempts, compileAttempts } from './try-files.ts';
import { bestForm } from './variants.ts';

export interface StaticFilesTools {
  readonly log: Log;
  /** Shared by all directories of a server, so that they share one limit of memory. */
  readonly files: FileStore;
}

/** `next` answers what `=next` of try-files leaves to it. */
export function staticFiles(
  settings: FilesSettings,
  { log, files }: StaticFilesTools,
  next: Handler = refuseMissing,
): Handler {
  return new StaticFiles(settings, files, next, log).handle;
}

class StaticFiles {
  readonly #root: string;
  readonly #prefix: string;
  readonly #isHidden: (name: string) => boolean;
  readonly #tree: FileTree;
  readonly #stored: StoredFiles;
  readonly #indexes: readonly string[];
  readonly #lists: boolean;
  readonly #listings = new Map<string, Promise<Listed>>();
  readonly #attempts: Attempts;
  readonly #next: Handler;
  readonly #log: Log;

  constructor(settings: FilesSettings, store: FileStore, next: Handler, log: Log) {
    this.#root = settings.root;
    this.#prefix = pathPrefix(settings.stripPrefix ?? '');
    this.#isHidden = compileHidden(settings.hide);
    this.#tree = fileTree(settings.root, settings.symlinks);
    this.#stored = new StoredFiles(store, {
      tree: this.#tree,
      fieldsOf: compileFileFields(settings),
      codings: settings.precompressed,
    });
    this.#indexes = settings.index.map((name) => Buffer.from(name, 'utf8').latin1Slice());
    this.#lists = settings.listing;
    this.#attempts = compileAttempts(settings.tryFiles);
    this.#next = next;
    this.#log = log;
  }

  readonly handle: Handler = (exchange) => {
    const { method, decodedPath } = exchange.request;
    const { fallback, beginWithPath } = this.#attempts;
    if (method !== 'GET' && method !== 'HEAD') {
      if (fallback === 'next') this.#next(exchange);
      else refuseMethod(exchange);
      return;
    }
    const entry = beginWithPath ? this.#fresh(decodedPath) : null;
    if (entry !== null) send(exchange, entry);
    else this.#look(exchange).catch((error) => refuseForError(exchange, error, this.#root, this.#log));
  };

  /** What is kept stands under its canonical path: other spellings are simply not found. */
  #fresh(decodedPath: string): StoredEntry | null {
    if (!decodedPath.startsWith(this.#prefix)) return null;
    const path = decodedPath.slice(this.#prefix.length);
    return this.#stored.fresh(path.endsWith('/') ? path + this.#indexes[0] : path);
  }

  async #look(exchange: Exchange): Promise<void> {
    const isGone = watchForGone(exchange);
    const path = pathBelow(canonicalPath(exchange.request.decodedPath), this.#prefix, this.#isHidden);
    const { of, fallback } = this.#attempts;
    for (const attempt of path === null ? [] : of(path)) {
      if (isGone()) return;
      if (pathBelow(attempt, '', this.#isHidden) === null) continue;
      const isAnswered = attempt.endsWith('/')
        ? await this.#tryDirectory(exchange, attempt, path!, isGone)
        : await this.#tryFile(exchange, attempt, isGone);
      if (isAnswered) return;
    }
    if (isGone()) return;
    exchange.onGone = null;
    if (fallback === 'next') this.#next(exchange);
    else if (fallback === 404) refuseMissing(exchange);
    else exchange.abort(fallback, 'The file could not be had.');
  }

  /** False when there is no such file. */
  async #tryFile(exchange: Exchange, path: string, isGone: () => boolean): Promise<boolean> {
    const fresh = this.#stored.fresh(path);
    if (fresh !== null) {
      send(exchange, fresh);
      return true;
    }
    const found = await this.#stored.find(path);
    if (found.kind === 'file') {
      if (!isGone()) send(exchange, found.entry);
      release(found.entry);
      return true;
    }
    if (isGone()) return true;
    return found.kind === 'error' && this.#refused(exchange, path, found.error);
  }

  /** `asked`: the path that the request is for. */
  async #tryDirectory(
    exchange: Exchange,
    path: string,
    asked: string,
    isGone: () => boolean,
  ): Promise<boolean> {
    try {
      if (path === `${asked}/`) {
        const isDirectory = (await this.#tree.stat(path)).isDirectory();
        if (isDirectory && !isGone()) redirectToDirectory(exchange, this.#prefix + asked);
        return isDirectory || isGone();
      }
      for (const index of this.#indexes) if (await this.#tryFile(exchange, path + index, isGone)) return true;
      if (!this.#lists || isGone()) return isGone();
      const listed = await this.#list(path);
      if (!isGone())
        answerListing(exchange, this.#prefix + path, path === '/', visible(listed, this.#isHidden));
      return true;
    } catch (error) {
      return isGone() || this.#refused(exchange, path, error as Error);
    }
  }

  /** Requests that come meanwhile share one look at the directory: it is no small one. */
  #list(path: string): Promise<Listed> {
    const list = () => this.#tree.list(path, LISTED_MAX).finally(() => this.#listings.delete(path));
    const underWay = this.#listings.get(path) ?? list();
    this.#listings.set(path, underWay);
    return underWay;
  }

  /** False when the file may simply be missing. */
  #refused(exchange: Exchange, path: string, error: Error): boolean {
    if (meansMissing(error)) return false;
    refuseForError(exchange, error, this.#root + path, this.#log);
    return true;
  }
}

function send(exchange: Exchange, entry: StoredEntry): void {
  const { representation, body, file } = bestForm(entry, exchange.request.fields);
  if (file !== null && (body === null || exchange.sendsFiles === true))
    sendOpenFile(exchange, file.share(), representation);
  else sendFromMemory(exchange, representation, body!);
}

function visible({ files, isWhole }: Listed, isHidden: (name: string) => boolean): Listed {
  return { files: files.filter(({ name }) => !isHidden(name)), isWhole };
}

/** While a handler waits for the file system the client may leave: ask before sending or opening anything. */
function watchForGone(exchange: Exchange): () => boolean {
  let gone = false;
  exchange.onGone = () => {
    gone = true;
  };
  return () => gone;
}
