/**
 * A GET of an error page by the server itself, whose answer goes to the client with the status of the error. What happens
 * here is not guarded again, so an error page that fails does not call for another one.
 */
import { encodePath } from '../../base/url-path.ts';
import { derivedRequest } from '../../derived-request.ts';
import type { Bytes, Exchange, FieldList, Request, RequestBody } from '../../exchange.ts';
import { RequestFields } from '../../fields.ts';
import { FilteredExchange } from '../../filtered-exchange.ts';

/** They are about the request that failed: its body, and the version of another page that the client has. */
const OF_THE_REQUEST = /^(content-|if-|range$|expect$|transfer-encoding$|upgrade$|x-requested-with$)/;

export class PageExchange extends FilteredExchange {
  readonly #status: number;
  readonly #fields: FieldList;
  readonly #otherwise: () => void;
  #isOver = false;

  /** `fields` are sent beside those of the page; `otherwise` is called when the page is not to be had. */
  constructor(inner: Exchange, path: string, status: number, fields: FieldList, otherwise: () => void) {
    super(inner, pageRequest(inner.request, path));
    this.#status = status;
    this.#fields = fields;
    this.#otherwise = otherwise;
    // As Apache names them.
    const about = ['REDIRECT_STATUS', String(status), 'REDIRECT_URL', inner.request.path];
    inner.environ = [...(inner.environ ?? []), ...about, 'REDIRECT_QUERY_STRING', inner.request.query];
  }

  override get body(): RequestBody | null {
    return null;
  }

  override respond(status: number, fields: FieldList, body: Bytes): void {
    if (this.#isOver) return;
    if (status !== 200) return this.#giveUp();
    this.inner.respond(this.#status, [...fields, ...this.#fields], body);
  }

  override start(status: number, fields: FieldList): void {
    if (this.#isOver) return;
    if (status !== 200) return this.#giveUp();
    this.inner.start(this.#status, [...fields, ...this.#fields]);
  }

  override write(chunk: Bytes): boolean {
    return this.#isOver || this.inner.write(chunk);
  }

  override end(trailers?: FieldList): void {
    if (!this.#isOver) this.inner.end(trailers);
  }

  override abort(status: number, why: string): void {
    if (this.#isOver) return;
    if (this.inner.status === 0) this.#giveUp();
    else this.inner.abort(status, why);
  }

  #giveUp(): void {
    this.#isOver = true;
    this.inner.onDrain = null;
    this.inner.onGone = null;
    this.#otherwise();
  }
}

function pageRequest(request: Request, path: string): Request {
  const { names, values } = request.fields;
  const fields = new RequestFields();
  for (let i = 0; i < names.length; i++)
    if (!OF_THE_REQUEST.test(names[i]!.lower)) fields.add(names[i]!, values[i]!);
  const method = request.method === 'HEAD' ? 'HEAD' : 'GET';
  const decodedPath = Buffer.from(path, 'utf8').latin1Slice();
  return derivedRequest(request, { method, path: encodePath(decodedPath), decodedPath, query: '', fields });
}
