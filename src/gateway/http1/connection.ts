/**
 * An HTTP/1.1 connection: a socket, its parser, and one exchange at a time (pipelined requests wait in the parser).
 *
 *   idle ─ bytes → head ─ head complete → body ─ body complete → answering ─ answered → idle
 *                                                              any of them ─ to be closed → lingering → closed
 *
 * Deadlines are numbers that the listener looks at once a second, so a waiting connection costs no timer.
 */
import type { Socket } from 'node:net';
import type { Bytes, Exchange, Outcome } from '../../exchange.ts';
import { RequestFields } from '../../fields.ts';
import { CHUNKED } from '../../protocols/http1/framing.ts';
import { Refusal } from '../../protocols/http1/refusal.ts';
import type { RequestHead } from '../../protocols/http1/request-head.ts';
import { RequestParser } from '../../protocols/http1/request-parser.ts';
import type { ServerFields } from '../../protocols/response-fields.ts';
import { bodyDeadline } from '../body-deadline.ts';
import { CollectedBody } from '../collected-body.ts';
import type { Connection } from '../connection.ts';
import type { ListenerContext } from '../listener-context.ts';
import { type Peer, peerOf } from '../peer.ts';
import { type ExchangeConnection, Http1Exchange } from './exchange.ts';
import { giveUp } from './give-up.ts';
import { reset } from './reset.ts';
import { NO_HEAD, withContentLength, withHost } from './synthetic.ts';

type Phase = 'idle' | 'head' | 'body' | 'answering' | 'lingering';

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';
/** Pipelined bytes that may wait while a request is answered. */
const PENDING_MAX = 65_536;
/** How long a client may take to notice that we have closed, while what it still sends is thrown away. */
const LINGER_MS = 5_000;
/** An idle connection lets go of what it remembers of the last request after this. */
const FORGET_MS = 3_000;
/** Up to this size a body is copied behind its head, so that both are one write. */
const JOIN_MAX = 4_096;

export class Http1Connection implements Connection, ExchangeConnection {
  readonly #socket: Socket;
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
  #advancing = false;
  #inputEnded = false;
  /** The head of the present request did not come in one piece. */
  #isPiecemeal = false;
  #writableBefore = 0;
  mayKeepAlive = true;

  constructor(socket: Socket, context: ListenerContext, now: number) {
    this.#socket = socket;
    this.#context = context;
    this.#parser = new RequestParser(context.settings);
    this.#since = now;
    // A client that connects and says nothing has the time for a head, not that of a kept-alive connection.
    this.#deadline = now + context.settings.headerTimeoutMs;
  }

  get server(): ServerFields {
    return this.#context.serverFields;
  }

  get requestIdHeader(): string | null {
    return this.#context.settings.requestIdHeader;
  }

  get peer(): Peer {
    this.#peer ??= peerOf(this.#socket, this.#context.path);
    return this.#peer;
  }

  // Events of the socket

  onData(chunk: Buffer): void {
    if (this.#phase === 'lingering') return;
    this.#received += chunk.length;
    this.#parser.push(chunk);
    if (this.#phase === 'idle')
      this.#enter('head', performance.now(), this.#context.settings.headerTimeoutMs);
    if (this.#exchange === null) this.#advance();
    else if (this.#parser.pending > PENDING_MAX) this.#socket.pause();
  }

  onEnd(): void {
    this.#inputEnded = true;
    this.mayKeepAlive = false;
    // It might still read the answer, but that is rare, and a client that has gone looks the same: nginx cuts both.
    const isCut = this.#exchange !== null && this.#exchange.status !== 0;
    this.#gone('client-gone');
    if (isCut) reset(this.#socket);
    else this.#socket.destroySoon();
  }

  onDrain(): void {
    if (this.#exchange !== null) this.#exchange.onDrain?.();
    else this.#advance();
  }

  onClose(): void {
    this.#body?.discard();
    this.#gone('client-gone');
  }

  /** Once a second. `forget` after a while of silence, act when a deadline has passed. */
  check(now: number): void {
    if (this.#socket.writableLength > 0) return this.#checkWriting(now);
    this.#writableBefore = 0;
    if (this.#phase === 'answering') return;
    if (this.#phase === 'idle' && now - this.#since > FORGET_MS) this.#parser.forget();
    if (now < this.#effectiveDeadline()) return;
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
    this.mayKeepAlive = false;
    if (this.#phase === 'idle' && !lingers) this.#socket.destroySoon();
  }

  /** The present request is not waited for any longer. */
  cut(): void {
    this.mayKeepAlive = false;
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
    while (this.#exchange === null && this.#phase !== 'lingering' && this.#step());
    this.#advancing = false;
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
    if (settings.limitRequestBody > 0 && bodyLength > settings.limitRequestBody)
      return this.#refuseBody(head);
    this.#enter('body', performance.now(), settings.bodyTimeoutMs);
    this.#received = this.#parser.pending;
    this.#body = new CollectedBody(this.#context.bodySpool);
    if (head.block.expectContinue && this.#parser.pending === 0) this.#socket.write(CONTINUE, 'latin1');
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
    let { fields } = block;
    if (head.authority !== block.host) fields = withHost(fields, head.authority);
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
    this.mayKeepAlive = false;
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
    const socket = this.#socket;
    if (typeof body === 'string') return socket.write(head + body, 'latin1');
    if (head === '') return socket.write(body);
    if (body.length <= JOIN_MAX) {
      const text = Buffer.from(body.buffer, body.byteOffset, body.length).latin1Slice();
      return socket.write(head + text, 'latin1');
    }
    socket.cork();
    socket.write(head, 'latin1');
    const room = socket.write(body);
    socket.uncork();
    return room;
  }

  exchangeEnded(keepAlive: boolean, cut: boolean): void {
    this.#exchange = null;
    if (this.#socket.destroyed) return;
    if (!keepAlive) return this.#close(cut);
    this.#phase = 'idle';
    this.#since = performance.now();
    this.#deadline = this.#since + this.#context.settings.keepAliveTimeoutMs;
    if (this.#parser.pending === 0) return;
    if (this.#socket.isPaused()) this.#socket.resume();
    // The next pipelined request waits until the client has taken this answer.
    if (this.#socket.writableNeedDrain) return;
    this.#advance();
  }

  report(exchange: Exchange, code: string, what: string): void {
    const { method, target } = exchange.request;
    this.#context.log.warn(code, `[request ${exchange.id}] ${method} ${target}: ${what}`);
  }

  // Ending

  /** Sends what is to be sent, then closes. Unread input would turn our close into a reset that takes the answer with it. */
  #close(cut: boolean): void {
    this.mayKeepAlive = false;
    if (cut && this.#parser.head?.version === 'HTTP/1.0') {
      // Without framing only a reset tells the client that the answer is not whole.
      reset(this.#socket);
      return;
    }
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

  /** A head or body that keeps coming at the minimum rate is given more time (Apache's RequestReadTimeout). */
  #effectiveDeadline(): number {
    const { settings } = this.#context;
    if (this.#phase === 'head') {
      const earned = settings.headerMinRate > 0 ? (this.#received / settings.headerMinRate) * 1000 : 0;
      const latest =
        settings.headerMaxTimeoutMs > 0
          ? this.#since + settings.headerMaxTimeoutMs
          : Number.POSITIVE_INFINITY;
      return Math.min(this.#deadline + earned, latest);
    }
    if (this.#phase === 'body') {
      // While we cannot take more, the client is not to blame.
      if (this.#socket.isPaused()) return Number.POSITIVE_INFINITY;
      return bodyDeadline(settings, this.#since, this.#received);
    }
    return this.#deadline;
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
