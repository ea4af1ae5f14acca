/**
 * Pages of the site's own for errors: in the place of Vivarium's, and if that is wanted also of those that applications
 * and other servers answer with. A page is a file, or what a path of the same server answers to a GET.
 */
import type { ErrorPagesSettings } from '../../config/sections/error-pages.ts';
import type { Bytes, Exchange, FieldList } from '../../exchange.ts';
import { PageFile } from '../../files/page-file.ts';
import { FilteredExchange } from '../../filtered-exchange.ts';
import type { Handler, Middleware } from '../../handler.ts';
import { PageExchange } from './page-exchange.ts';

/** Sends the page with a status and with fields; `otherwise` when there is none to be had. */
type SendPage = (exchange: Exchange, status: number, fields: FieldList, otherwise: () => void) => void;
type FindPage = (status: number) => SendPage | null;

/** Throws when a file cannot be read. */
export function errorPages({ pages, intercepts }: ErrorPagesSettings): Middleware {
  const senders = Object.entries(pages).map(([status, page]) => {
    const make = 'file' in page ? fromFile(page.file) : fromPath(page.path);
    return [status, make] as const;
  });
  return (next) => {
    const made = new Map(senders.map(([status, make]) => [status, make(next)]));
    const find: FindPage = (status) =>
      made.get(String(status)) ?? made.get(`${Math.floor(status / 100)}xx`) ?? null;
    return (exchange) => next(new GuardedExchange(exchange, find, intercepts));
  };
}

function fromFile(path: string): (next: Handler) => SendPage {
  const file = new PageFile(path);
  return () => (exchange, status, fields) =>
    exchange.respond(status, [...file.fields, ...fields], file.bytes);
}

function fromPath(path: string): (next: Handler) => SendPage {
  return (next) => (exchange, status, fields, otherwise) =>
    next(new PageExchange(exchange, path, status, fields, otherwise));
}

/** They describe the body that is not sent. */
const OF_THE_BODY =
  /^(content-|etag$|last-modified$|accept-ranges$|digest$|repr-digest$|transfer-encoding$|trailer$)/i;

class GuardedExchange extends FilteredExchange {
  readonly #find: FindPage;
  readonly #intercepts: boolean;
  /** A page has been sent, or is being made: what else the handler says is of no interest. */
  #isReplaced = false;

  constructor(inner: Exchange, find: FindPage, intercepts: boolean) {
    super(inner);
    this.#find = find;
    this.#intercepts = intercepts;
  }

  override respond(status: number, fields: FieldList, body: Bytes, reason?: string): void {
    const send = () => this.inner.respond(status, fields, body, reason);
    if (!this.#isReplaced && !this.#intercepted(status, fields, send)) send();
  }

  override start(status: number, fields: FieldList, reason?: string): void {
    // A body that comes bit by bit cannot be had back: without the page there is one of ours.
    const give = () => this.inner.abort(status, 'The page for this error cannot be shown.');
    if (!this.#isReplaced && !this.#intercepted(status, fields, give))
      this.inner.start(status, fields, reason);
  }

  protected override get passesBodies(): boolean {
    return !this.#isReplaced;
  }

  override write(chunk: Bytes): boolean {
    return this.#isReplaced || this.inner.write(chunk);
  }

  override end(trailers?: FieldList): void {
    if (!this.#isReplaced) this.inner.end(trailers);
  }

  override abort(status: number, why: string, fields: FieldList = []): void {
    if (this.#isReplaced) return;
    const send = () => this.inner.abort(status, why, fields);
    if (this.inner.status !== 0 || !this.#replaced(status, fields, send)) send();
  }

  override get onDrain(): (() => void) | null {
    return this.#isReplaced ? null : this.inner.onDrain;
  }

  override set onDrain(callback: (() => void) | null) {
    if (!this.#isReplaced) this.inner.onDrain = callback;
  }

  override get onGone(): (() => void) | null {
    return this.#isReplaced ? null : this.inner.onGone;
  }

  override set onGone(callback: (() => void) | null) {
    if (!this.#isReplaced) this.inner.onGone = callback;
  }

  #intercepted(status: number, fields: FieldList, otherwise: () => void): boolean {
    if (!this.#intercepts || status < 400) return false;
    const kept = fields.filter((_, i) => !OF_THE_BODY.test(fields[i - (i % 2)]!));
    return this.#replaced(status, kept, otherwise);
  }

  /** False: there is no page for it. */
  #replaced(status: number, fields: FieldList, otherwise: () => void): boolean {
    const send = this.#find(status);
    if (send === null) return false;
    this.inner.onDrain = null;
    this.inner.onGone = null;
    this.#isReplaced = true;
    send(this.inner, status, fields, otherwise);
    return true;
  }
}
