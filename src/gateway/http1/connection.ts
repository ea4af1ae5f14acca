/**
 * An HTTP/1.1 connection: a socket, its parser, and one exchange at a time (pipelined requests wait in the parser).
 *
 *   idle ─ bytes → head ─ head complete → body ─ body complete → answering ─ answered → idle
 *                                                              any of them ─ to be closed → lingering → closed
 *
 * Deadlines are numbers that the listener looks at once a second, so a waiting connection costs no timer.
 */
import type { Socket } from 'node:net';
import type { Bytes, Exchange, Outcome, RequestBody } from '../../exchange.ts';
import { RequestFields } from '../../fields.ts';
import { CHUNKED } from '../../protocols/http1/framing.ts';
import { Refusal } from '../../protocols/http1/refusal.ts';
import type { RequestHead } from '../../protocols/http1/request-head.ts';
import { RequestParser } from '../../protocols/http1/request-parser.ts';
import type { ServerFields } from '../../protocols/response-fields.ts';
import { CollectedBody } from '../collected-body.ts';
import type { Connection } from '../connection.ts';
import type { ListenerContext } from '../listener-context.ts';
import { type Peer, peerOf } from '../peer.ts';
import { Tunnel } from '../tunnel.ts';
import { BodyFeed } from './body-feed.ts';
import { earnedDeadline, type Phase } from './deadlines.ts';
import { type ExchangeConnection, Http1Exchange } from './exchange.ts';
import { giveUp } from './give-up.ts';
import { reset } from './reset.ts';
import { fieldsOf, NO_HEAD, withContentLength } from './synthetic.ts';
import { writeBoth } from './write-both.ts';

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';
/** Pipelined bytes that may wait while a request is answered. */
const PENDING_MAX = 65_536;
/** How long a client may take to notice that we have closed, while what it still sends is thrown away. */
const LINGER_MS = 5_000;
/** An idle connection lets go of what it remembers of the last request after this. */
const FORGET_MS = 3_000;

export class Http1Connection implements Connection, ExchangeConnection {
  readonly #socket: Socket;
  readonly plainSocket: Socket | null;
  readonly server: ServerFields;
  readonly #context: ListenerContext;
  readonly #parser: RequestParser;
  #peer: Peer | null = null;
  #phase: Phase = 'idle';
  /** performance.now() of the moment the present phase began, and of its end if nothing happens. */
  #since: number;
  #deadline: number;
  #received = 0;
  #exchange: Http1Exchange | null = null;
  #body: CollectedBody | null = null;
  /** The body of the present request, while it is handed on as it arrives. */
  #feed: BodyFeed | null = null;
  /** After the connection was switched to another protocol. */
  #tunnel: Tunnel | null = null;
  #advancing = false;
  #inputEnded = false;
  /** The head of the present request did not come in one piece. */
  #isPiecemeal = false;
  #writableBefore = 0;
  #isLast = false;

  constructor(socket: Socket, context: ListenerContext, now: number) {
    this.#socket = socket;
    this.plainSocket = context.tls === null ? socket : null;
    this.server = context.serverFields;
    this.#context = context;
    this.#parser = new RequestParser(context.settings);
    this.#since = now;
    // A client that connects and says nothing has the time for a head, not that of a kept-alive connection.
    this.#deadline = now + context.settings.headerTimeoutMs;
  }

  /** Behind a body that was not read to its end there is no next request to be found. */
  get mayKeepAlive(): boolean {
    return !this.#isLast && (this.#feed === null || this.#feed.isDone);
  }

  get requestIdHeader(): string | null {
    return this.#context.settings.requestIdHeader;
  }

  get peer(): Peer {
    this.#peer ??= peerOf(this.#socket, this.#context);
    return this.#peer;
  }

  // Events of the socket

  onData(chunk: Buffer): void {
    if (this.#phase === 'lingering') return;
    if (this.#tunnel !== null) return this.#tunnel.arrived(chunk);
    this.#received += chunk.length;
    this.#parser.push(chunk);
    if (this.#phase === 'idle')
      this.#enter('head', performance.now(), this.#context.settings.headerTimeoutMs);
    if (this.#exchange === null) this.#advance();
    else this.#feed?.arrived();
    if (this.#parser.pending > PENDING_MAX && this.#isWaiting) this.#socket.pause();
  }

  onEnd(): void {
    this.#inputEnded = true;
    this.#isLast = true;
    if (this.#tunnel !== null) return this.#tunnel.ended();
    // It might still read the answer, but that is rare, and a client that has gone looks the same: nginx cuts both.
    const isCut = this.#exchange !== null && this.#exchange.status !== 0;
    this.#gone('client-gone');
    if (isCut) reset(this.#socket);
    else this.#socket.destroySoon();
  }

  onDrain(): void {
    if (this.#exchange !== null) return this.#exchange.onDrain?.();
    if (this.#socket.isPaused()) this.#socket.resume();
    this.#advance();
  }

  onClose(): void {
    this.#body?.discard();
    this.#gone('client-gone');
  }

  /** Once a second. `forget` after a while of silence, act when a deadline has passed. */
  check(now: number): void {
    if (this.#socket.writableLength > 0) return this.#checkWriting(now);
    this.#writableBefore = 0;
    if (this.#phase === 'answering') return this.#feed?.check(now);
    if (this.#phase === 'idle' && now - this.#since > FORGET_MS) this.#parser.forget();
    // While we cannot take more of a body, the client is not to blame.
    if (this.#phase === 'body' && this.#socket.isPaused()) return;
    const { settings } = this.#context;
    if (now < earnedDeadline(settings, this.#phase, this.#since, this.#deadline, this.#received)) return;
    switch (this.#phase) {
      case 'head':
        return this.#refuse(new Refusal(408, 'the request head took longer than header-timeout'), NO_HEAD);
      case 'body':
        return this.#refuse(
          new Refusal(408, 'the request body took longer than body-timeout'),
          this.#parser.head ?? NO_HEAD,
        );
      default:
        this.#socket.destroy();
    }
  }

  /** No more requests after the present one; when there is none, at once, or, if it `lingers`, after the next one. */
  drain(lingers: boolean): void {
    this.#isLast = true;
    if (this.#phase === 'idle' && !lingers) this.#socket.destroySoon();
  }

  /** The present request is not waited for any longer. */
  cut(): void {
    this.#isLast = true;
    if (this.#exchange !== null) giveUp(this.#exchange, this.#context.log);
    this.#socket.destroySoon();
  }

  get idleSince(): number | null {
    return this.#phase === 'idle' ? this.#since : null;
  }

  // Requests

  #advance(): void {
    // Handlers may answer within this call; the loop, not recursion, goes on to the next request.
    if (this.#advancing) return;
    this.#advancing = true;
    while (!this.#isWaiting && this.#phase !== 'lingering' && this.#step());
    this.#advancing = false;
  }

  /** Pipelined requests wait until the one before them is answered, and the client has taken the answer. */
  get #isWaiting(): boolean {
    return this.#exchange !== null || this.#socket.writableNeedDrain;
  }

  /** One event of the parser. False: there is nothing more to do now. */
  #step(): boolean {
    const parser = this.#parser;
    switch (parser.next()) {
      case 'need-data':
        if (parser.pending === 0) return false;
        this.#isPiecemeal = true;
        if (this.#phase === 'idle')
          this.#enter('head', performance.now(), this.#context.settings.headerTimeoutMs);
        return false;
      case 'head':
        this.#onHead(parser.head!);
        return true;
      case 'data':
        this.#onBody(parser.data);
        return true;
      case 'end':
        this.#dispatch(parser.head!);
        return true;
      case 'refused':
        this.#refuse(parser.refusal!, NO_HEAD);
        return false;
    }
  }

  #onHead(head: RequestHead): void {
    const { settings } = this.#context;
    const { bodyLength } = head.block;
    if (this.#phase === 'idle') this.#since = performance.now();
    // We are no forward proxy (RFC 9110, section 9.3.6).
    if (head.method === 'CONNECT') return this.#refuse(new Refusal(405, 'CONNECT is not served here'), head);
    if (bodyLength === 0) return;
    if (this.#context.streamsBodies) return this.#handOn(head);
    if (settings.limitRequestBody > 0 && bodyLength > settings.limitRequestBody)
      return this.#refuseBody(head);
    this.#enter('body', performance.now(), settings.bodyTimeoutMs);
    this.#received = this.#parser.pending;
    this.#body = new CollectedBody(this.#context.bodySpool);
    if (head.block.expectContinue && this.#parser.pending === 0) this.#socket.write(CONTINUE, 'latin1');
  }

  /** The request is handled now; its body follows as it is asked for. */
  #handOn(head: RequestHead): void {
    this.#feed = new BodyFeed(this.#socket, this.#parser, this.#context, head);
    this.#received = this.#parser.pending;
    this.#isPiecemeal = false;
    const exchange = this.#begin(head, fieldsOf(head));
    exchange.body = this.#feed.body;
    exchange.receivedAt = performance.now();
    this.#context.handle(exchange);
  }

  #onBody(data: Buffer): void {
    const body = this.#body!;
    const limit = this.#context.settings.limitRequestBody;
    if (limit > 0 && body.size + data.length > limit) return this.#refuseBody(this.#parser.head!);
    if (!body.add(data, () => this.#socket.resume())) this.#socket.pause();
  }

  #refuseBody(head: RequestHead): void {
    this.#refuse(new Refusal(413, 'the request body is larger than limit-request-body'), head);
  }

  #dispatch(head: RequestHead): void {
    const body = this.#body;
    this.#body = null;
    body?.complete();
    // Its last bytes may have been one too many to be taken at once. Nobody else will resume.
    if (body !== null && this.#socket.isPaused()) this.#socket.resume();
    const { block } = head;
    let fields = fieldsOf(head);
    if (body !== null && block.bodyLength === CHUNKED) fields = withContentLength(fields, body.size);
    const exchange = this.#begin(head, fields);
    exchange.body = body;
    if (body !== null || this.#isPiecemeal) {
      this.#isPiecemeal = false;
      exchange.receivedAt = performance.now();
    }
    this.#context.handle(exchange);
  }

  #begin(head: RequestHead, fields: RequestFields): Http1Exchange {
    const exchange = new Http1Exchange(this, head, fields, this.#context.nextId(fields), this.#since);
    this.#phase = 'answering';
    this.#exchange = exchange;
    return exchange;
  }

  /** Answers what cannot be accepted, and closes. */
  #refuse(refusal: Refusal, head: RequestHead): void {
    this.#isLast = true;
    this.#body?.discard();
    this.#body = null;
    const fields = head === NO_HEAD ? new RequestFields() : head.block.fields;
    this.#context.refuse(this.#begin(head, fields), refusal);
  }

  // What the exchange calls

  send(bytes: Bytes): boolean {
    return typeof bytes === 'string' ? this.#socket.write(bytes, 'latin1') : this.#socket.write(bytes);
  }

  sendBoth(head: string, body: Bytes): boolean {
    return writeBoth(this.#socket, head, body);
  }

  /** What the client sends from now on is another protocol. The exchange is at its head: nothing is under way. */
  switchProtocols(): RequestBody {
    this.#isLast = true;
    this.#tunnel = new Tunnel(this.#socket, this.#parser.takeRest());
    return this.#tunnel.input;
  }

  exchangeEnded(keepAlive: boolean, cut: boolean): void {
    this.#exchange = null;
    this.#feed = null;
    this.#tunnel = null;
    if (this.#socket.destroyed) return;
    if (!keepAlive) return this.#close(cut);
    this.#phase = 'idle';
    this.#since = performance.now();
    this.#deadline = this.#since + this.#context.settings.keepAliveTimeoutMs;
    if (this.#parser.pending === 0) return;
    if (this.#socket.isPaused()) this.#socket.resume();
    this.#advance();
  }

  report(exchange: Exchange, code: string, what: string): void {
    const { method, target } = exchange.request;
    this.#context.log.warn(code, `[request ${exchange.id}] ${method} ${target}: ${what}`);
  }

  // Ending

  /** Sends what is to be sent, then closes. Unread input would turn our close into a reset that takes the answer with it. */
  #close(cut: boolean): void {
    this.#isLast = true;
    // Without framing only a reset tells the client that the answer is not whole.
    if (cut && this.#parser.head?.version === 'HTTP/1.0') return reset(this.#socket);
    if (this.#inputEnded) return this.#socket.destroySoon();
    this.#enter('lingering', performance.now(), LINGER_MS);
    this.#socket.end();
    this.#socket.resume();
  }

  #gone(outcome: Outcome): void {
    const exchange = this.#exchange;
    this.#exchange = null;
    exchange?.clientGone(outcome);
  }

  // Deadlines

  #enter(phase: Phase, now: number, timeoutMs: number): void {
    this.#phase = phase;
    this.#since = now;
    this.#deadline = now + timeoutMs;
    this.#received = this.#parser.pending;
  }

  #checkWriting(now: number): void {
    const { writableLength } = this.#socket;
    if (writableLength !== this.#writableBefore) {
      this.#writableBefore = writableLength;
      this.#deadline = now + this.#context.settings.responseSocketTimeoutMs;
    } else if (now >= this.#deadline) {
      this.#gone('timed-out');
      this.#socket.destroy();
    }
  }
}
