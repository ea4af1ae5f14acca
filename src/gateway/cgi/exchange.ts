/**
 * One request that a web server in front of us has passed on, and its answer. Keeps the promise of Content-Length: never
 * more bytes than were declared, and a connection that is cut when there are fewer.
 */
import type { Socket } from 'node:net';
import { ERROR_FIELDS, errorPage } from '../../error-page.ts';
import type { Bytes, Exchange, FieldList, Outcome, Request } from '../../exchange.ts';
import { gatewayAnswer } from '../../protocols/cgi/response-fields.ts';
import type { ResponseEncoder } from '../../protocols/gateway-protocol.ts';
import { UNKNOWN } from '../../protocols/response-fields.ts';
import { reasonPhrase } from '../../status.ts';
import { sendFileTo, writeAndWait } from '../http1/send-file.ts';
import { brokenPromise, hasField, WireExchange } from '../wire-exchange.ts';

/** What an exchange needs of its connection. */
export interface ExchangeOwner {
  readonly encoder: ResponseEncoder;
  /** The field that names the request in its answer; null for none. */
  readonly requestIdHeader: string | null;
  /** False once the connection is to be closed after the present answer. */
  readonly mayKeepAlive: boolean;
  readonly socket: Socket;
  /** All together. False: hold the next bytes until the socket has drained. */
  send(parts: readonly Bytes[]): boolean;
  /** The exchange is over. `cut`: the front must see that something is missing. */
  exchangeEnded(cut: boolean): void;
  /** An answer that broke its own promise; for the error log. */
  report(exchange: Exchange, code: string, what: string): void;
}

export class GatewayExchange extends WireExchange {
  readonly #owner: ExchangeOwner;
  readonly #encoder: ResponseEncoder;
  request: Request;

  #state: 'waiting' | 'started' | 'ended' = 'waiting';
  #hasBody = true;
  /** Body bytes that were promised and are still owed; UNKNOWN when none were promised. */
  #owed = UNKNOWN;
  /** A head that waits for the first block, so that both go in one write. */
  #unsentHead: Bytes = '';

  /** `environ`: what the front has set beside the request. `began`: performance.now() at its first byte. */
  constructor(owner: ExchangeOwner, request: Request, environ: readonly string[], id: string, began: number) {
    super(id, began, performance.now());
    this.#owner = owner;
    this.#encoder = owner.encoder;
    this.request = request;
    this.environ = environ.length === 0 ? null : [...environ];
  }

  respond(status: number, fields: FieldList, body: Bytes, reason = reasonPhrase(status)): void {
    if (this.#state !== 'waiting') return;
    const head = this.#begin(status, fields, body.length, reason);
    if (!this.#hasBody) return this.#finish(head, []);
    const promised = this.#owed;
    if (promised !== body.length) this.#reportLength(promised, body.length);
    this.bodyBytesSent = Math.min(promised, body.length);
    const sent = promised < body.length ? body.slice(0, promised) : body;
    if (promised > body.length) return this.#break([head, ...this.#encoder.body(sent)]);
    this.#finish(head, sent.length === 0 ? [] : this.#encoder.body(sent));
  }

  start(status: number, fields: FieldList, reason = reasonPhrase(status)): void {
    if (this.#state !== 'waiting') return;
    this.#unsentHead = this.#begin(status, fields, UNKNOWN, reason);
    this.#state = 'started';
    process.nextTick(() => this.#flushHead());
  }

  write(chunk: Bytes): boolean {
    if (this.#state !== 'started' || !this.#hasBody || chunk.length === 0) return true;
    let block = chunk;
    if (this.#owed !== UNKNOWN) {
      if (block.length > this.#owed) {
        this.#reportLength(this.bodyBytesSent + this.#owed, this.bodyBytesSent + block.length);
        block = block.slice(0, this.#owed);
        if (block.length === 0) return true;
      }
      this.#owed -= block.length;
    }
    this.bodyBytesSent += block.length;
    return this.#owner.send(this.#withHead(this.#encoder.body(block)));
  }

  get sendsFiles(): boolean {
    return this.#encoder.isRaw;
  }

  sendFile(fd: number, start: number, end: number): number {
    if (this.#state !== 'started' || !this.#hasBody || this.#owed === UNKNOWN || !this.#encoder.isRaw)
      return 0;
    this.#flushHead();
    const sent = sendFileTo(this.#owner.socket, '', fd, start, Math.min(end, start + this.#owed));
    this.#owed -= sent;
    this.bodyBytesSent += sent;
    return sent;
  }

  writeAndWait(chunk: Bytes): void {
    if (this.#state !== 'started' || !this.#hasBody || this.#owed === UNKNOWN || !this.#encoder.isRaw) return;
    const block = chunk.length > this.#owed ? chunk.slice(0, this.#owed) : chunk;
    this.#flushHead();
    this.#owed -= block.length;
    this.bodyBytesSent += block.length;
    writeAndWait(this.#owner.socket, block, this);
  }

  end(): void {
    if (this.#state !== 'started') return;
    if (this.#hasBody && this.#owed > 0) {
      this.#reportLength(this.bodyBytesSent + this.#owed, this.bodyBytesSent);
      return this.#break(this.#withHead([]));
    }
    const head = this.#unsentHead;
    this.#unsentHead = '';
    this.#finish(head, []);
  }

  /** None of the gateway protocols has a place for them. */
  interim(): void {}

  /** What the front and its client speak ends at the front. */
  upgrade(): null {
    return null;
  }

  abort(status: number, why: string, fields: FieldList = []): void {
    if (this.#state === 'ended') return;
    if (this.#state === 'waiting')
      return this.respond(status, [...ERROR_FIELDS, ...fields], errorPage(status, why));
    this.outcome = 'aborted';
    this.#break(this.#withHead([]));
  }

  /** The front does not wait any longer, or the connection is lost. */
  clientGone(outcome: Outcome): void {
    if (this.#state === 'ended') return;
    this.outcome = outcome;
    this.#conclude();
    this.onGone?.();
  }

  /** The head; from here on the status is decided. */
  #begin(status: number, fields: FieldList, bodyBytes: number, reason: string): Bytes {
    const answer = gatewayAnswer(this.request.method, status, fields, bodyBytes);
    this.status = status;
    this.responseFields = fields;
    this.#hasBody = answer.hasBody;
    this.#owed = answer.contentLength;
    const { requestIdHeader } = this.#owner;
    const isNamed = requestIdHeader === null || hasField(fields, requestIdHeader);
    const sent = isNamed ? answer.fields : [...answer.fields, requestIdHeader, this.id];
    return this.#encoder.head(status, reason, sent);
  }

  #withHead(parts: readonly Bytes[]): readonly Bytes[] {
    const head = this.#unsentHead;
    this.#unsentHead = '';
    return head.length === 0 ? parts : [head, ...parts];
  }

  #flushHead(): void {
    const parts = this.#withHead([]);
    if (parts.length > 0 && this.#state !== 'ended') this.#owner.send(parts);
  }

  #finish(head: Bytes, body: readonly Bytes[]): void {
    const end = this.#encoder.end(this.#owner.mayKeepAlive);
    const parts = [head, ...body, end].filter((part) => part.length > 0);
    if (parts.length > 0) this.#owner.send(parts);
    this.#conclude();
    this.#owner.exchangeEnded(false);
  }

  #break(parts: readonly Bytes[]): void {
    if (parts.length > 0) this.#owner.send(parts);
    this.#conclude();
    this.#owner.exchangeEnded(true);
  }

  #conclude(): void {
    this.#state = 'ended';
    this.conclude();
  }

  #reportLength(declared: number, actual: number): void {
    this.#owner.report(this, 'response-length', brokenPromise(declared, actual, 'the connection is cut'));
  }
}
