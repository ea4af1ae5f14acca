/**
 * A stream of HTTP/2: its request while it arrives, then the exchange.
 *
 *   head → (body → complete) → answering → closed         refused at any point: answered, then reset
 *
 * Where bodies are handed on as they arrive, the exchange begins with the head.
 */
import type { ServerHttp2Stream } from 'node:http2';
import type { Exchange, Outcome, RequestBody } from '../../exchange.ts';
import { RequestFields } from '../../fields.ts';
import { Refusal } from '../../protocols/http1/refusal.ts';
import type { RequestHead } from '../../protocols/http2/request-head.ts';
import type { ServerFields } from '../../protocols/response-fields.ts';
import { bodyDeadline, checkPace } from '../body-deadline.ts';
import { CollectedBody } from '../collected-body.ts';
import { withContentLength } from '../http1/synthetic.ts';
import type { ListenerContext } from '../listener-context.ts';
import type { Peer } from '../peer.ts';
import { Tunnel } from '../tunnel.ts';
import { BodyFeed } from './body-feed.ts';
import { CANCEL, NO_ERROR } from './error-codes.ts';
import { type ExchangeOwner, Http2Exchange, type LastEvent } from './exchange.ts';
import { requestOf } from './request.ts';

export class Http2Stream implements ExchangeOwner {
  readonly stream: ServerHttp2Stream;
  readonly #context: ListenerContext;
  readonly #peer: Peer;
  readonly #head: RequestHead | null;
  readonly #since: number;
  #body: CollectedBody | null = null;
  /** Of a body that is handed on as it arrives. */
  #feed: BodyFeed | null = null;
  #exchange: Http2Exchange | null = null;
  /** Bytes that waited for the client at the last look, and until when they may be the same. */
  #waitingBytes = 0;
  #writeDeadline = 0;

  constructor(
    stream: ServerHttp2Stream,
    head: RequestHead | Refusal,
    context: ListenerContext,
    peer: Peer,
    now: number,
  ) {
    this.stream = stream;
    this.#context = context;
    this.#peer = peer;
    this.#since = now;
    this.#head = head instanceof Refusal ? null : head;
    if (head instanceof Refusal) this.#refuse(head);
    else if (stream.endAfterHeaders || head.isWebSocket) this.#dispatch(head, now);
    else if (context.streamsBodies) this.#handOn(head, now);
    else this.#collect(head);
  }

  get exchange(): Http2Exchange | null {
    return this.#exchange;
  }

  get server(): ServerFields {
    return this.#context.serverFields;
  }

  get requestIdHeader(): string | null {
    return this.#context.settings.requestIdHeader;
  }

  get awaitsTunnel(): boolean {
    return this.#head?.isWebSocket === true;
  }

  /** Once a second. */
  check(now: number): void {
    if (this.#body !== null) return this.#checkBody(this.#body, now);
    const { writableLength } = this.stream;
    if (writableLength === 0 && this.#feed !== null) checkPace(this.#feed.body, this.#context.settings, now);
    if (writableLength === 0 || writableLength !== this.#waitingBytes) {
      this.#waitingBytes = writableLength;
      this.#writeDeadline = now + this.#context.settings.responseSocketTimeoutMs;
    } else if (now >= this.#writeDeadline) {
      this.gone('timed-out');
      this.stream.close(CANCEL);
    }
  }

  /** The client has reset the stream, or the connection is lost. */
  gone(outcome: Outcome): void {
    this.#body?.discard();
    this.#body = null;
    this.#exchange?.clientGone(outcome);
  }

  openTunnel(): RequestBody {
    const { stream } = this;
    const tunnel = new Tunnel(stream, null);
    stream.pause();
    stream.on('data', (chunk: Buffer) => tunnel.arrived(chunk));
    stream.on('end', () => tunnel.ended());
    stream.on('aborted', () => this.#drop());
    return tunnel.input;
  }

  exchangeEnded(last: LastEvent): void {
    const { stream } = this;
    if (stream.readableEnded || stream.endAfterHeaders || stream.closed) return;
    this.#drop();
    // What is left of the body is not wanted (RFC 9113, section 8.1); the answer goes first, trailers in an immediate.
    const stop = (): void => stream.close(NO_ERROR);
    if (last === 'wantTrailers') stream.once(last, () => setImmediate(stop));
    else if (stream.writableFinished) stop();
    else stream.once(last, stop);
  }

  /** What still comes is thrown away. Nobody else reads it, and a stream closes when it was read to its end. */
  #drop(): void {
    this.#feed = null;
    this.stream.removeAllListeners('data');
    // Not at once: a listener of 'data' that has led here may pause it.
    process.nextTick(() => this.stream.resume());
  }

  report(exchange: Exchange, code: string, what: string): void {
    const { method, target } = exchange.request;
    this.#context.log.warn(code, `[request ${exchange.id}] ${method} ${target}: ${what}`);
  }

  #collect(head: RequestHead): void {
    const { stream } = this;
    const limit = this.#context.settings.limitRequestBody;
    if (limit > 0 && head.block.length > limit) return this.#refuseBody();
    const body = new CollectedBody(this.#context.bodySpool);
    this.#body = body;
    stream.on('data', (chunk: Buffer) => {
      if (this.#body === null) return;
      if (limit > 0 && body.size + chunk.length > limit) return this.#refuseBody();
      if (!body.add(chunk, () => stream.resume())) stream.pause();
    });
    stream.on('end', () => {
      // A stream that was reset ends, too.
      if (this.#body === null || stream.rstCode !== NO_ERROR || stream.aborted) return;
      this.#dispatch(head, performance.now());
    });
    if (head.block.expectContinue) stream.additionalHeaders({ ':status': 100 });
  }

  /** The request is handled now; its body follows as it is asked for. */
  #handOn(head: RequestHead, now: number): void {
    this.#feed = new BodyFeed(this.stream, this.#context, head);
    this.stream.on('aborted', () => this.#drop());
    const exchange = this.#begin(head, head.block.fields, now);
    exchange.body = this.#feed.body;
    this.#context.handle(exchange);
  }

  #dispatch(head: RequestHead, now: number): void {
    const body = this.#body;
    this.#body = null;
    body?.complete();
    const { fields, hasLength } = head.block;
    const known = body === null || hasLength ? fields : withContentLength(fields, body.size);
    const exchange = this.#begin(head, known, now);
    exchange.body = body;
    this.#context.handle(exchange);
  }

  /** `now`: when there is nothing more to wait for before it is handled. */
  #begin(head: RequestHead | null, fields: RequestFields, now: number): Http2Exchange {
    const id = this.#context.nextId(fields);
    const exchange = new Http2Exchange(this, requestOf(head, this.#peer, fields), id, this.#since, now);
    this.#exchange = exchange;
    return exchange;
  }

  #refuseBody(): void {
    this.#refuse(new Refusal(413, 'the request body is larger than limit-request-body'));
  }

  /** Answers what cannot be accepted. The connection goes on: its framing is not in doubt. */
  #refuse(refusal: Refusal): void {
    this.#body?.discard();
    this.#body = null;
    const fields = this.#head?.block.fields ?? new RequestFields();
    this.#context.refuse(this.#begin(this.#head, fields, performance.now()), refusal);
  }

  #checkBody(body: CollectedBody, now: number): void {
    // While we cannot take more, the client is not to blame.
    if (this.stream.isPaused()) return;
    if (now < bodyDeadline(this.#context.settings, this.#since, body.size)) return;
    this.#refuse(new Refusal(408, 'the request body took longer than body-timeout'));
  }
}
