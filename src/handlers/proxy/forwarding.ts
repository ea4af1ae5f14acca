/**
 * One exchange that is answered by an upstream server: asks servers one after the other until one answers, or it is no
 * longer safe or allowed to ask another, and has the answer passed on.
 *
 *   seeking ─ a server → asking ─ its answer → answering → over
 *      ↑                   │ it failed
 *      └───────────────────┘
 *
 * A request is sent again only while no server can have acted on it twice: it is idempotent (RFC 9110, section 9.2.2) or
 * was not sent, and its body is still there (retry.ts).
 */
import { BodyError } from '../../body-error.ts';
import type { Exchange, FieldList } from '../../exchange.ts';
import type { UpstreamHead } from '../../protocols/http1/response-reading.ts';
import { RequestTooLarge } from '../../protocols/request-too-large.ts';
import type { ResponseListener, UpstreamConnection } from '../../upstreams/connection.ts';
import { Failure } from '../../upstreams/failure.ts';
import type { UpstreamServer } from '../../upstreams/server.ts';
import type { Refused, Seeker } from '../../upstreams/upstream.ts';
import { describe, type ProxyContext } from './context.ts';
import { redirectTarget } from './redirect-target.ts';
import { RequestSender } from './request-sender.ts';
import { ResponseSender } from './response-sender.ts';
import { isIdempotent, mayRetryFailure, mayRetryStatus } from './retry.ts';
import type { Script } from './scripts.ts';
import { TunnelInput } from './tunnel-input.ts';
import { UpstreamStderr } from './upstream-stderr.ts';

/** Whole answers up to this size go to the client as latin-1 text, in one write with the head. */
const TEXT_MAX = 16_384;

export class Forwarding implements Seeker, ResponseListener {
  readonly #proxy: ProxyContext;
  readonly #exchange: Exchange;
  readonly #sender: RequestSender;
  readonly #since = performance.now();
  readonly tried = new Set<UpstreamServer>();
  readonly key: string;
  readonly preferred: UpstreamServer | null;
  /** Whom it is asking; null before, between and after. */
  #server: UpstreamServer | null = null;
  #connection: UpstreamConnection | null = null;
  #hasRepeated = false;
  #response: ResponseSender | null = null;
  #tunnel: TunnelInput | null = null;
  #stderr: UpstreamStderr | null = null;

  /** `script`: what the server is to run; null where it knows by the path. */
  constructor(proxy: ProxyContext, exchange: Exchange, script: Script | null) {
    this.#proxy = proxy;
    this.#exchange = exchange;
    this.#sender = new RequestSender(proxy, exchange, script, (error) => this.#bodyFailed(error));
    this.key = proxy.keyOf?.(exchange) ?? '';
    this.preferred = proxy.sticky?.serverOf(exchange, proxy.upstream.servers) ?? null;
    exchange.onGone = () => this.#gone();
  }

  start(): void {
    this.#proxy.upstream.acquire(this);
  }

  // Seeker

  given(server: UpstreamServer): void {
    this.#server = server;
    this.#proxy.owner?.given(this.#exchange, server);
    this.#ask(server, false);
  }

  refused(why: Refused): void {
    const { log, upstream, owner } = this.#proxy;
    const what = `${describe(this.#exchange)}: upstream ${upstream.name}`;
    this.#exchange.onGone = null;
    if (owner !== null) return owner.refuse(this.#exchange, why);
    if (why === 'none') {
      const tried = this.tried.size > 0 ? 'no other server can be asked' : 'no server can be asked';
      log.error('upstream-unavailable', `${what}: ${tried}`);
      return this.#exchange.abort(502, 'The server that answers this address cannot be reached.');
    }
    const reason = why === 'full' ? 'its queue is full (max-queue)' : 'waited longer than its queue-timeout';
    log.error('upstream-busy', `${what}: ${reason}`);
    const fields = ['Content-Type', 'text/plain; charset=utf-8', 'Retry-After', '1'];
    this.#exchange.respond(503, fields, 'The servers that answer this address are busy.\n');
  }

  #ask(server: UpstreamServer, fresh: boolean): void {
    const connection = server.take(fresh);
    this.#connection = connection;
    try {
      this.#sender.send(server, connection, this);
    } catch (error) {
      if (!(error instanceof RequestTooLarge)) throw error;
      connection.destroy();
      this.#proxy.log.info('request-refused', `${describe(this.#exchange)}: 431 ${error.message}`);
      this.#cut(431, 'The header fields of the request are too large.');
    }
  }

  // ResponseListener

  connected(): void {
    this.#sender.connected();
  }

  drain(): void {
    if (this.#tunnel !== null) this.#tunnel.goOn();
    else this.#sender.goOn();
  }

  interim(head: UpstreamHead): void {
    if (head.status !== 100) this.#exchange.interim(head.status, this.#fieldsOf(head));
    else this.#sender.agreed();
  }

  whole(head: UpstreamHead, body: Buffer): void {
    if (this.#isAskedElsewhere(head) || this.#isRedirected(head, null)) return;
    const fields = this.#fieldsForClient(head);
    const server = this.#server!;
    this.#release(head.status);
    this.#exchange.onGone = null;
    const bytes = body.length <= TEXT_MAX ? body.latin1Slice() : Buffer.from(body);
    try {
      this.#exchange.respond(head.status, fields, bytes, head.reason || undefined);
    } catch (error) {
      this.#unsendable(server, error as Error);
    }
  }

  head(head: UpstreamHead): void {
    if (head.status === 101) return this.#switchProtocols(head);
    if (this.#isAskedElsewhere(head) || this.#isRedirected(head, this.#connection)) return;
    const { settings, responseSpool } = this.#proxy;
    this.#sender.answered();
    const limits = settings.responseBuffering && !isUnbuffered(head) ? responseSpool : null;
    try {
      this.#exchange.start(head.status, this.#fieldsForClient(head), head.reason || undefined);
    } catch (error) {
      this.#connection!.destroy();
      return this.#unsendable(this.#server!, error as Error);
    }
    this.#response = this.#senderFor(limits);
  }

  data(chunk: Buffer): void {
    this.#response?.data(chunk);
  }

  stderr(chunk: Buffer): void {
    this.#stderr ??= new UpstreamStderr((text) => {
      const { log, upstream } = this.#proxy;
      log.error(
        'upstream-stderr',
        `${describe(this.#exchange)}: ${upstream.describe(this.#server!)}: ${text}`,
      );
    });
    this.#stderr.take(chunk);
  }

  bodyWanted(): void {
    this.#sender.wanted();
  }

  end(trailers: FieldList | null): void {
    const response = this.#response!;
    this.#release(this.#exchange.status);
    response.end(this.#sender.outgoing.takesTrailers ? (trailers ?? undefined) : undefined);
  }

  failed(failure: Failure): void {
    const { settings, upstream, log, owner } = this.#proxy;
    const server = this.#server!;
    const tunnel = this.#tunnel;
    this.#connection = null;
    this.#sender.stop();
    // A connection that both sides have used for something else may end in any way.
    if (tunnel !== null) return this.#cut(502, 'The connection was lost.');
    const isSafe = this.#response === null && this.#isSafeToRepeat(failure);
    // A server of ours may have begun with a request, and then it is for none to do it again.
    const isStale = failure.isStale && (owner === null || failure.isReset);
    if (isStale && isSafe && !this.#hasRepeated) {
      // As a browser would: the server has closed a connection that it had kept, which says nothing about it.
      this.#hasRepeated = true;
      server.release();
      return this.#ask(server, true);
    }
    if (owner !== null && isSafe && failure.isUnsent) {
      owner.unreachable(this.#exchange, server, failure.why);
      this.#release(0);
      return upstream.acquire(this);
    }
    upstream.report(server, true);
    this.#release(0);
    const isRepeated =
      isSafe && this.#hasOthers && mayRetryFailure(settings.retry, failure, this.tried.size + 1, this.#since);
    const next = isRepeated ? '; another server is asked' : '';
    log.error(
      'upstream-failed',
      `${describe(this.#exchange)}: ${upstream.describe(server)} ${failure.why}${next}`,
    );
    if (isRepeated) return this.#askAnother(server);
    if (failure.kind === 'timeout')
      return this.#cut(504, 'The server that answers this address took too long.');
    this.#cut(502, 'The server that answers this address gave no valid answer.');
  }

  // What else can happen

  #askAnother(failed: UpstreamServer): void {
    this.tried.add(failed);
    this.#proxy.upstream.acquire(this);
  }

  get #hasOthers(): boolean {
    return this.#proxy.upstream.servers.length > this.tried.size + 1;
  }

  #isSafeToRepeat(failure: Failure): boolean {
    if (!this.#sender.isRepeatable) return false;
    return (
      failure.isUnsent ||
      isIdempotent(this.#sender.outgoing.method) ||
      this.#proxy.settings.retry.nonIdempotent
    );
  }

  /** A status that another server may do better than. The answer is thrown away. */
  #isAskedElsewhere({ status }: UpstreamHead): boolean {
    const { settings, upstream, log } = this.#proxy;
    if (!settings.retry.onStatuses.includes(status)) return false;
    const server = this.#server!;
    const isSafe = this.#isSafeToRepeat(new Failure('invalid', `answered ${status}`));
    if (!isSafe || !this.#hasOthers || !mayRetryStatus(settings.retry, this.tried.size + 1, this.#since))
      return false;
    log.warn(
      'upstream-failed',
      `${describe(this.#exchange)}: ${upstream.describe(server)} answered ${status}; another server is asked`,
    );
    upstream.report(server, true);
    this.#connection?.destroy();
    this.#sender.stop();
    this.#release(0);
    this.#askAnother(server);
    return true;
  }

  /** The answer only says who is to give it, another path of ours. `unread`: the connection with the rest of it. */
  #isRedirected(head: UpstreamHead, unread: UpstreamConnection | null): boolean {
    const { settings, redirect } = this.#proxy;
    const found = redirectTarget(settings, head);
    if (found === null) return false;
    unread?.destroy();
    this.#release(head.status);
    this.#exchange.onGone = null;
    redirect(this.#exchange, found.target, found.kept);
    return true;
  }

  #switchProtocols(head: UpstreamHead): void {
    const { upgrade } = this.#sender.outgoing;
    const upgraded = fieldOf(head, 'upgrade');
    const isWanted = upgrade !== null && upgraded?.toLowerCase() === upgrade.toLowerCase();
    const fields = isWanted ? [...this.#fieldsForClient(head), 'Upgrade', upgraded] : [];
    const input = isWanted ? this.#exchange.upgrade(fields) : null;
    if (input === null) {
      this.#connection!.destroy();
      return this.failed(new Failure('invalid', 'changed the protocol, which it was not asked to'));
    }
    this.#response = this.#senderFor(null);
    this.#tunnel = new TunnelInput(input, this.#connection!);
    this.#tunnel.goOn();
  }

  #senderFor(limits: ProxyContext['responseSpool'] | null): ResponseSender {
    return new ResponseSender(this.#exchange, this.#connection!, limits, (error) => this.#storeFailed(error));
  }

  #bodyFailed(error: Error): void {
    this.#connection?.destroy();
    this.#release(0);
    const status = error instanceof BodyError ? error.status : 500;
    this.#proxy.log.info('request-refused', `${describe(this.#exchange)}: ${status} ${error.message}`);
    this.#cut(status, `${error.message}.`);
  }

  #storeFailed(error: Error): void {
    this.#proxy.log.error('response-spool', `${describe(this.#exchange)}: ${error.message}`);
    this.#connection?.destroy();
    this.#release(0);
    this.#cut(500, 'The answer could not be stored.');
  }

  /** What HTTP/1.1 may say the wire of the client, or middleware, may have no place for. */
  #unsendable(server: UpstreamServer, { message }: Error): void {
    const { upstream, log } = this.#proxy;
    const what = `sent ${message}, which cannot be passed on`;
    log.error('upstream-failed', `${describe(this.#exchange)}: ${upstream.describe(server)} ${what}`);
    this.#cut(502, 'The server that answers this address gave no valid answer.');
  }

  /** The client has gone, and whoever works for it may stop. */
  #gone(): void {
    this.#proxy.upstream.forget(this);
    this.#connection?.destroy();
    this.#release(0);
    this.#response?.discard();
  }

  #cut(status: number, why: string): void {
    this.#exchange.onGone = null;
    this.#release(0);
    this.#response?.discard();
    this.#exchange.abort(status, why);
  }

  /** `status`: of its answer, which shows that the server is well; 0 for none. */
  #release(status: number): void {
    const server = this.#server;
    if (server === null) return;
    this.#server = null;
    this.#connection = null;
    this.#sender.stop();
    if (status > 0) this.#proxy.upstream.report(server, false);
    server.release();
  }

  #fieldsOf(head: UpstreamHead): FieldList {
    return this.#proxy.filter(head, this.#sender.outgoing.prefix);
  }

  /** With the cookie that brings the client back. */
  #fieldsForClient(head: UpstreamHead): FieldList {
    const fields = this.#fieldsOf(head);
    const { sticky } = this.#proxy;
    const server = this.#server!;
    if (sticky === null || server === this.preferred) return fields;
    return [...fields, 'Set-Cookie', sticky.cookieFor(server, this.#exchange)];
  }
}

/** The server wants its answer to be passed on as it comes (nginx's X-Accel-Buffering). */
function isUnbuffered(head: UpstreamHead): boolean {
  return fieldOf(head, 'x-accel-buffering')?.toLowerCase() === 'no';
}

function fieldOf({ fields }: UpstreamHead, lower: string): string | undefined {
  for (let i = 0; i < fields.length; i += 2) if (fields[i]!.toLowerCase() === lower) return fields[i + 1];
  return undefined;
}
