/**
 * One request and its answer on a stream of HTTP/2. Keeps the promise of Content-Length: never more bytes than were
 * declared, and a stream that is reset when there are fewer.
 */
import type { ServerHttp2Stream } from 'node:http2';
import { ERROR_FIELDS, errorPage } from '../../error-page.ts';
import type { Bytes, FieldList, Outcome, Request, RequestBody } from '../../exchange.ts';
import { plainFields, responseHead, tunnelHead } from '../../protocols/http2/response-head.ts';
import { type ServerFields, UNKNOWN } from '../../protocols/response-fields.ts';
import { brokenPromise, hasField, WireExchange } from '../wire-exchange.ts';
import { CANCEL, INTERNAL_ERROR } from './error-codes.ts';

/** What an exchange needs of its stream. */
export interface ExchangeOwner {
  readonly stream: ServerHttp2Stream;
  readonly server: ServerFields;
  /** The field that names the request in its answer; null for none. */
  readonly requestIdHeader: string | null;
  /** The client has asked for a WebSocket: only `upgrade` may be a success. */
  readonly awaitsTunnel: boolean;
  /** Gives what the client sends from now on. */
  openTunnel(): RequestBody;
  /** Everything has been handed to the stream. */
  exchangeEnded(last: LastEvent): void;
  /** An answer that broke its own promise; for the error log. */
  report(exchange: Http2Exchange, code: string, what: string): void;
}

/** What the stream says when the answer has been sent. */
export type LastEvent = 'finish' | 'wantTrailers';

const NO_FIELDS: FieldList = [];
/** Larger answers are handed over in slices, as the client takes them: that many bytes of each may wait in nghttp2. */
const SLICE_BYTES = 131_072;
const HEAD_ONLY = { endStream: true };
const BODY_FOLLOWS = {};
/**
 * Nothing but `sendTrailers` ends the stream then. Otherwise `node:http2` would end it in good order before it resets it
 * (`closeStream` calls `end`), and what was cut off would look whole to the client.
 */
const BODY_MAY_BREAK = { waitForTrailers: true };

export class Http2Exchange extends WireExchange {
  readonly #owner: ExchangeOwner;
  readonly #stream: ServerHttp2Stream;
  readonly request: Request;

  #state: 'waiting' | 'started' | 'ended' = 'waiting';
  #hasBody = true;
  /** Body bytes that were promised and are still owed; UNKNOWN when none were promised. */
  #owed = UNKNOWN;
  #isWhole = false;
  #trailers: FieldList = NO_FIELDS;
  #last: LastEvent = 'finish';
  #isAwaitingDrain = false;

  /** `began`, `receivedAt`: performance.now() when the head and when the whole request was there. */
  constructor(owner: ExchangeOwner, request: Request, id: string, began: number, receivedAt: number) {
    super(id, began, receivedAt);
    this.#owner = owner;
    this.#stream = owner.stream;
    this.request = request;
  }

  get isEnded(): boolean {
    return this.#state === 'ended';
  }

  respond(status: number, fields: FieldList, body: Bytes): void {
    if (this.#state !== 'waiting' || this.#isLost) return;
    if (this.#owner.awaitsTunnel && isSuccess(status)) return this.#refuseTunnel();
    this.#begin(status, fields, body.length);
    if (!this.#hasBody) return this.#finish();
    if (body.length > SLICE_BYTES || body.length !== this.#owed) {
      this.#state = 'started';
      return this.#sendFrom(body, 0);
    }
    this.bodyBytesSent = body.length;
    this.#stream.end(body, 'latin1');
    this.#finish();
  }

  #sendFrom(body: Bytes, start: number): void {
    for (let from = start; from < body.length; ) {
      const to = from + SLICE_BYTES;
      const hasRoom = this.write(typeof body === 'string' ? body.slice(from, to) : body.subarray(from, to));
      from = to;
      if (hasRoom || to >= body.length) continue;
      this.onDrain = () => this.#sendFrom(body, to);
      return;
    }
    this.onDrain = null;
    this.end();
  }

  start(status: number, fields: FieldList): void {
    if (this.#state !== 'waiting' || this.#isLost) return;
    if (this.#owner.awaitsTunnel && isSuccess(status)) return this.#refuseTunnel();
    this.#begin(status, fields, UNKNOWN);
    this.#state = 'started';
  }

  write(chunk: Bytes): boolean {
    if (this.#state !== 'started' || this.#isLost) return true;
    if (!this.#hasBody || chunk.length === 0) return true;
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
    const hasRoom = this.#stream.write(block, 'latin1');
    if (!hasRoom && !this.#isAwaitingDrain) this.#awaitDrain();
    return hasRoom;
  }

  #awaitDrain(): void {
    this.#isAwaitingDrain = true;
    this.#stream.once('drain', () => {
      this.#isAwaitingDrain = false;
      this.onDrain?.();
    });
  }

  end(trailers: FieldList = NO_FIELDS): void {
    if (this.#state !== 'started' || this.#isLost) return;
    if (this.#hasBody && this.#owed > 0) {
      this.#reportLength(this.bodyBytesSent + this.#owed, this.bodyBytesSent);
      return this.#break();
    }
    this.#isWhole = true;
    this.#trailers = trailers;
    if (this.#hasBody) this.#stream.end();
    this.#finish();
  }

  interim(status: number, fields: FieldList): void {
    if (this.#state !== 'waiting' || this.#isLost) return;
    this.#stream.additionalHeaders({ ':status': status, ...plainFields(fields) });
  }

  /** Shown as 101, as over HTTP/1.1; the client gets the 200 of a CONNECT (RFC 8441, section 5). */
  upgrade(fields: FieldList): RequestBody | null {
    if (this.#state !== 'waiting' || this.#isLost || !this.#owner.awaitsTunnel) return null;
    this.#stream.respond(tunnelHead(fields, this.#owner.server), BODY_MAY_BREAK);
    this.#waitForTrailers();
    this.#state = 'started';
    this.status = 101;
    this.responseFields = fields;
    return this.#owner.openTunnel();
  }

  /** To the client any success would be the beginning of the tunnel. */
  #refuseTunnel(): void {
    this.abort(501, 'No WebSocket is served at this address.');
    // Whoever has begun an answer may stop: not within its own call.
    process.nextTick(() => this.onGone?.());
  }

  abort(status: number, why: string, fields: FieldList = []): void {
    if (this.#state === 'ended' || this.#isLost) return;
    if (this.#state === 'waiting')
      return this.respond(status, [...ERROR_FIELDS, ...fields], errorPage(status, why));
    this.outcome = 'aborted';
    this.#break();
  }

  /** The stream or the connection is lost. */
  clientGone(outcome: Outcome): void {
    if (this.#state === 'ended') return;
    this.outcome = outcome;
    this.#conclude();
    this.onGone?.();
  }

  /** Reset by the client: its 'close' follows, and `clientGone` with it. */
  get #isLost(): boolean {
    return this.#stream.closed || this.#stream.destroyed;
  }

  /** Sends the head; from here on the status is decided. */
  #begin(status: number, fields: FieldList, bodyBytes: number): void {
    const head = responseHead(this.request.method, status, fields, bodyBytes, this.#owner.server);
    const { requestIdHeader } = this.#owner;
    if (requestIdHeader !== null && !hasField(fields, requestIdHeader))
      head.list.push(requestIdHeader, this.id);
    const isCertain = bodyBytes === head.contentLength && bodyBytes <= SLICE_BYTES && bodyBytes !== UNKNOWN;
    this.#stream.respond(head.list, !head.hasBody ? HEAD_ONLY : isCertain ? BODY_FOLLOWS : BODY_MAY_BREAK);
    if (head.hasBody && !isCertain) this.#waitForTrailers();
    this.status = status;
    this.responseFields = fields;
    this.#hasBody = head.hasBody;
    this.#owed = head.contentLength;
  }

  /** Nothing else ends the stream: see BODY_MAY_BREAK. */
  #waitForTrailers(): void {
    this.#last = 'wantTrailers';
    this.#stream.on('wantTrailers', () => {
      if (this.#isWhole && !this.#isLost) this.#stream.sendTrailers(plainFields(this.#trailers));
    });
  }

  /** The client must see that something is missing. */
  #break(): void {
    this.#stream.close(this.status === 101 ? CANCEL : INTERNAL_ERROR);
    this.#finish();
  }

  #finish(): void {
    this.#conclude();
    this.#owner.exchangeEnded(this.#last);
  }

  #conclude(): void {
    this.#state = 'ended';
    this.conclude();
  }

  #reportLength(declared: number, actual: number): void {
    this.#owner.report(this, 'response-length', brokenPromise(declared, actual, 'the stream is reset'));
  }
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}
