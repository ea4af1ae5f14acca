/**
 * Internal redirects: an answer from behind names another path of this server, whose answer the client gets instead of
 * it (RFC 3875, section 6.2.2; nginx's X-Accel-Redirect). The routes are asked again, from the top, without the body of
 * the request, which has had its reader, and with the fields that the client has sent: what middleware has made of them for
 * the first path (taken away a password, say) it does again where it holds for the second.
 */
import { climbs, decodePath } from '../base/url-path.ts';
import { countedBefore } from '../counted-once.ts';
import { derivedRequest } from '../derived-request.ts';
import type { Bytes, Exchange, FieldList, Request } from '../exchange.ts';
import { RequestFields } from '../fields.ts';
import { FilteredExchange } from '../filtered-exchange.ts';
import type { Handler, InternalRedirect } from '../handler.ts';
import type { Log } from '../telemetry/log.ts';

/** Apache's LimitInternalRecursion and nginx's own limit. */
const REDIRECTS_MAX = 10;

/** Fields that are about the body of the request. */
const OF_BODY = /^(content-.*|transfer-encoding|trailer|expect)$/;

/** `routes`: where requests go; asked for when it is needed, as routes lead here. */
export function internalRedirects(routes: () => Handler, log: Log): InternalRedirect {
  return (exchange, target, kept) => {
    const request = redirected(exchange.received ?? exchange.request, target);
    const redirects = (exchange.redirects ?? 0) + 1;
    const fault =
      request === null ? 'is no path' : redirects > REDIRECTS_MAX ? 'leads round in a circle' : null;
    if (request !== null && fault === null)
      return routes()(new RedirectedExchange(exchange, request, redirects, kept));
    const where = `[request ${exchange.id}] ${exchange.request.method} ${exchange.request.path}`;
    log.error(
      'internal-redirect-failed',
      `${where}: the internal redirect to ${JSON.stringify(target)} ${fault}`,
    );
    exchange.abort(500, 'The server was led to an address that it cannot answer.');
  };
}

/** Null for what is no path of ours. */
function redirected(request: Request, target: string): Request | null {
  const [whole = ''] = target.split('#');
  const mark = whole.indexOf('?');
  const path = mark < 0 ? whole : whole.slice(0, mark);
  const decodedPath = decodePath(path);
  if (!/^\/[!-~\x80-\xff]*$/.test(whole) || decodedPath === null || climbs(decodedPath)) return null;
  const query = mark < 0 ? '' : whole.slice(mark + 1);
  const method = request.method === 'HEAD' ? 'HEAD' : 'GET';
  const fields = new RequestFields();
  request.fields.names.forEach((name, i) => {
    if (!OF_BODY.test(name.lower)) fields.add(name, request.fields.values[i]!);
  });
  return derivedRequest(request, { method, target: whole, path, decodedPath, query, fields });
}

class RedirectedExchange extends FilteredExchange {
  readonly #redirects: number;
  readonly #kept: FieldList;
  #counted: number;

  constructor(inner: Exchange, request: Request, redirects: number, kept: FieldList) {
    super(inner, request);
    this.#redirects = redirects;
    this.#kept = kept;
    this.#counted = countedBefore(inner.counted);
  }

  override get received(): Request {
    return this.request;
  }

  override get redirects(): number {
    return this.#redirects;
  }

  override get counted(): number {
    return this.#counted;
  }

  override set counted(counted: number) {
    this.#counted = counted;
  }

  override get body(): null {
    return null;
  }

  protected override get passesBodies(): boolean {
    return true;
  }

  override respond(status: number, fields: FieldList, body: Bytes, reason?: string): void {
    this.inner.respond(status, this.#withKept(status, fields), body, reason);
  }

  override start(status: number, fields: FieldList, reason?: string): void {
    this.inner.start(status, this.#withKept(status, fields), reason);
  }

  /** An error is not what they were meant for. */
  #withKept(status: number, fields: FieldList): FieldList {
    if (this.#kept.length === 0 || status >= 400) return fields;
    const names = new Set(this.#kept.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase()));
    const others = fields.filter((_, i) => !names.has(fields[i - (i % 2)]!.toLowerCase()));
    return [...others, ...this.#kept];
  }
}
