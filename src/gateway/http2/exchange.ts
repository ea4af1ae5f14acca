/**
 * One request and its answer on a stream of HTTP/2. Keeps the promise of Content-Length: never more bytes than were
 * declared, and a stream that is reset when there are fewer.
 */
import type { ServerHttp2Stream } from 'node:http2';
import { ERROR_FIELDS, errorPage } from '../../error-page.ts';
import type { Bytes, Exchange, FieldList, Outcome, Progress, Request, RequestBody } from '../../exchange.ts';
import { interimFields, responseHead } from '../../protocols/http2/response-head.ts';
import { type ServerFields, UNKNOWN } from '../../protocols/response-fields.ts';
import { INTERNAL_ERROR } from './error-codes.ts';

/** What an exchange needs of its stream. */
export interface ExchangeOwner {
  readonly stream: ServerHttp2Stream;
  readonly server: ServerFields;
  /** The field that names the request in its answer; null for none. */
  readonly requestIdHeader: string | null;
  /** Everything has been handed to the stream. */
  exchangeEnded(): void;
  /** An answer that broke its own promise; for the error log. */
  report(exchange: Http2Exchange, code: string, what: string): void;
}

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

export class Http2Exchange implements Exchange {
  readonly #owner: ExchangeOwner;
  readonly #stream: ServerHttp2Stream;
  readonly #began: number;
  readonly request: Request;
  readonly id: string;
  body: RequestBody | null = null;
  captures: Readonly<Record<string, string>> | null = null;
  environ: string[] | null = null;

  #state: 'waiting' | 'started' | 'ended' = 'waiting';
  #hasBody = true;
  /** Body bytes that were promised and are still owed; UNKNOWN when none were promised. */
  #owed = UNKNOWN;
  #isWhole = false;
  #isAwaitingDrain = false;

  onDrain: (() => void) | null = null;
  onGone: (() => void) | null = null;
  onFinished: ((exchange: Exchange) => void) | null = null;

  status = 0;
  responseFields: FieldList = NO_FIELDS;
  bodyBytesSent = 0;
  outcome: Outcome = 'complete';
  durationMs = 0;
  workerPid = 0;
  application: Progress | null = null;
  receivedAt: number;

  /** `began`, `receivedAt`: performance.now() when the head and when the whole request was there. */
  constructor(owner: ExchangeOwner, request: Request, id: string, began: number, receivedAt: number) {
    this.#owner = owner;
    this.#stream = owner.stream;
    this.request = request;
    this.id = id;
    this.#began = began;
    this.receivedAt = receivedAt;
  }

  get startedAtMs(): number {
    return performance.timeOrigin + this.#began;
  }

  get endedAt(): number {
    return this.#began + this.durationMs;
  }

  get isEnded(): boolean {
    return this.#state === 'ended';
  }

  respond(status: number, fields: FieldList, body: Bytes): void {
    if (this.#state !== 'waiting' || this.#isLost) return;
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

  end(): void {
    if (this.#state !== 'started' || this.#isLost) return;
    if (this.#hasBody && this.#owed > 0) {
      this.#reportLength(this.bodyBytesSent + this.#owed, this.bodyBytesSent);
      return this.#break();
    }
    this.#isWhole = true;
    if (this.#hasBody) this.#stream.end();
    this.#finish();
  }

  interim(status: number, fields: FieldList): void {
    if (this.#state !== 'waiting' || this.#isLost) return;
    this.#stream.additionalHeaders({ ':status': status, ...interimFields(fields) });
  }

  /** Not over HTTP/2: WebSockets come over HTTP/1.1, which browsers choose for them. */
  upgrade(): null {
    return null;
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
    if (head.hasBody && !isCertain) this.#stream.on('wantTrailers', () => this.#endStream());
    this.status = status;
    this.responseFields = fields;
    this.#hasBody = head.hasBody;
    this.#owed = head.contentLength;
  }

  /** All of the body is on its way. */
  #endStream(): void {
    if (this.#isWhole && !this.#isLost) this.#stream.sendTrailers({});
  }

  /** The client must see that something is missing. */
  #break(): void {
    this.#stream.close(INTERNAL_ERROR);
    this.#finish();
  }

  #finish(): void {
    this.#conclude();
    this.#owner.exchangeEnded();
  }

  #conclude(): void {
    this.#state = 'ended';
    this.body?.discard();
    this.durationMs = performance.now() - this.#began;
    this.onFinished?.(this);
  }

  #reportLength(declared: number, actual: number): void {
    const relation = actual > declared ? 'cut off' : 'the stream is reset';
    this.#owner.report(
      this,
      'response-length',
      `Content-Length ${declared} but ${actual} bytes of body: ${relation}`,
    );
  }
}

function hasField(fields: FieldList, name: string): boolean {
  const lower = name.toLowerCase();
  return fields.some((text, i) => i % 2 === 0 && text.toLowerCase() === lower);
}
