/**
 * One request and its answer on an HTTP/1.1 connection. Keeps the promises of framing: never more bytes than were
 * declared, and a connection that is cut, not reused, when there are fewer.
 */

import type { Socket } from 'node:net';
import { ERROR_FIELDS, errorPage } from '../../error-page.ts';
import type { Bytes, FieldList, Outcome, Request, RequestBody } from '../../exchange.ts';
import type { RequestFields } from '../../fields.ts';
import type { RequestHead } from '../../protocols/http1/request-head.ts';
import { type Framing, responseHead } from '../../protocols/http1/response-head.ts';
import { type ServerFields, UNKNOWN } from '../../protocols/response-fields.ts';
import { reasonPhrase } from '../../status.ts';
import type { Peer } from '../peer.ts';
import { brokenPromise, hasField, WireExchange } from '../wire-exchange.ts';
import { mayRender, render, rendered } from './rendition.ts';
import { sendFileTo, writeAndWait } from './send-file.ts';

/** What an exchange needs of its connection. */
export interface ExchangeConnection {
  readonly server: ServerFields;
  readonly peer: Peer;
  /** The field that names the request in its answer; null for none. */
  readonly requestIdHeader: string | null;
  /** False once the connection is to be closed after the present answer. */
  readonly mayKeepAlive: boolean;
  send(bytes: Bytes): boolean;
  /** Head and body together. */
  sendBoth(head: string, body: Bytes): boolean;
  /** Gives what the client sends from now on, which is another protocol. */
  switchProtocols(): RequestBody;
  /** For what need not pass through us; null where everything must, to be encrypted. */
  readonly plainSocket: Socket | null;
  /** The exchange is over. `cut`: the client must see that something is missing. */
  exchangeEnded(keepAlive: boolean, cut: boolean): void;
  /** An answer that broke its own promise; for the error log. */
  report(exchange: Http1Exchange, code: string, what: string): void;
}

const NO_FIELDS: FieldList = [];
const SETTLED = Promise.resolve();

export class Http1Request implements Request {
  readonly #head: RequestHead;
  readonly #peer: Peer;
  readonly fields: RequestFields;

  constructor(head: RequestHead, peer: Peer, fields: RequestFields) {
    this.#head = head;
    this.#peer = peer;
    this.fields = fields;
  }

  get method() {
    return this.#head.method;
  }
  get target() {
    return this.#head.target;
  }
  get path() {
    return this.#head.path;
  }
  get decodedPath() {
    return this.#head.decodedPath;
  }
  get query() {
    return this.#head.query;
  }
  get version() {
    return this.#head.version;
  }
  get scheme() {
    return this.#peer.scheme;
  }
  get authority() {
    return this.#head.authority;
  }
  get remoteAddress() {
    return this.#peer.remoteAddress;
  }
  get remotePort() {
    return this.#peer.remotePort;
  }
  get localAddress() {
    return this.#peer.localAddress;
  }
  get localPort() {
    return this.#peer.localPort;
  }
  get tls() {
    return this.#peer.tls;
  }
  get scriptName() {
    return '';
  }
}

export class Http1Exchange extends WireExchange {
  readonly #connection: ExchangeConnection;
  readonly #head: RequestHead;
  readonly request: Request;

  #state: 'waiting' | 'started' | 'ended' = 'waiting';
  #framing: Framing = 'none';
  #keepAlive = false;
  /** Of a declared length: body bytes still owed. */
  #owed = 0;
  /** A head that waits for the first block, so that both go in one write. */
  #unsentHead = '';
  #isTunnel = false;

  constructor(
    connection: ExchangeConnection,
    head: RequestHead,
    fields: RequestFields,
    id: string,
    began: number,
  ) {
    super(id, began, began);
    this.#connection = connection;
    this.#head = head;
    this.request = new Http1Request(head, connection.peer, fields);
  }

  respond(status: number, fields: FieldList, body: Bytes, reason = reasonPhrase(status)): void {
    if (this.#state !== 'waiting') return;
    const kept = typeof body !== 'string' && mayRender(fields, body) && this.#mayBeAsBefore ? body : null;
    if (kept !== null) {
      const bytes = rendered(status, fields, kept, this.#connection.server);
      if (bytes !== null) return this.#respondAsBefore(status, fields, kept, bytes);
    }
    const text = this.#begin(status, fields, body.length, reason);
    if (this.#framing === 'none') {
      this.#connection.send(text);
      return this.#finish(this.#keepAlive, false);
    }
    const promised = this.#owed;
    if (promised === body.length) {
      this.bodyBytesSent = promised;
      const mayRenderNow = kept !== null && this.#keepAlive;
      const whole = mayRenderNow ? render(status, fields, kept, this.#connection.server, text) : null;
      if (whole === null) this.#connection.sendBoth(text, body);
      else this.#connection.send(whole);
      return this.#finish(this.#keepAlive, false);
    }
    this.#connection.sendBoth(text, body.slice(0, promised));
    this.bodyBytesSent = Math.min(promised, body.length);
    this.#reportLength(promised, body.length);
    this.#finish(this.#keepAlive && body.length > promised, body.length < promised);
  }

  /** The usual client: what it gets does not depend on the request any more. */
  get #mayBeAsBefore(): boolean {
    const { method, version, block } = this.#head;
    const isUsual = method === 'GET' && version === 'HTTP/1.1' && block.keepAlive;
    return isUsual && this.#connection.mayKeepAlive && this.#connection.requestIdHeader === null;
  }

  #respondAsBefore(status: number, fields: FieldList, body: Uint8Array, bytes: Buffer): void {
    this.status = status;
    this.responseFields = fields;
    this.bodyBytesSent = body.length;
    this.#connection.send(bytes);
    this.#finish(true, false);
  }

  start(status: number, fields: FieldList, reason = reasonPhrase(status)): void {
    if (this.#state !== 'waiting') return;
    this.#unsentHead = this.#begin(status, fields, UNKNOWN, reason);
    this.#state = 'started';
    SETTLED.then(() => this.#flushHead());
  }

  write(chunk: Bytes): boolean {
    if (this.#state !== 'started') return true;
    let block = chunk;
    if (this.#isTunnel) {
      this.bodyBytesSent += block.length;
      return this.#connection.send(block);
    }
    if (this.#framing === 'none' || block.length === 0) return true;
    if (this.#framing === 'length') {
      if (block.length > this.#owed) {
        this.#reportLength(this.bodyBytesSent + this.#owed, this.bodyBytesSent + block.length);
        block = block.slice(0, this.#owed);
        if (block.length === 0) return true;
      }
      this.#owed -= block.length;
    }
    this.bodyBytesSent += block.length;
    const head = this.#unsentHead;
    this.#unsentHead = '';
    if (this.#framing !== 'chunked') return this.#connection.sendBoth(head, block);
    this.#connection.sendBoth(`${head}${block.length.toString(16)}\r\n`, block);
    return this.#connection.send('\r\n');
  }

  get sendsFiles(): boolean {
    return this.#connection.plainSocket !== null;
  }

  sendFile(fd: number, start: number, end: number): number {
    const { plainSocket } = this.#connection;
    if (this.#state !== 'started' || this.#framing !== 'length' || plainSocket === null) return 0;
    const head = this.#unsentHead;
    this.#unsentHead = '';
    const sent = sendFileTo(plainSocket, head, fd, start, Math.min(end, start + this.#owed));
    this.#owed -= sent;
    this.bodyBytesSent += sent;
    return sent;
  }

  writeAndWait(chunk: Bytes): void {
    const { plainSocket } = this.#connection;
    if (this.#state !== 'started' || this.#framing !== 'length' || plainSocket === null) return;
    const block = chunk.length > this.#owed ? chunk.slice(0, this.#owed) : chunk;
    this.#flushHead();
    this.#owed -= block.length;
    this.bodyBytesSent += block.length;
    writeAndWait(plainSocket, block, this);
  }

  end(trailers: FieldList = NO_FIELDS): void {
    if (this.#state !== 'started') return;
    const missing = this.#framing === 'length' && this.#owed > 0;
    if (missing) this.#reportLength(this.bodyBytesSent + this.#owed, this.bodyBytesSent);
    if (this.#framing === 'chunked')
      this.#connection.send(`${this.#unsentHead}0\r\n${fieldLines(trailers)}\r\n`);
    else this.#flushHead();
    this.#unsentHead = '';
    this.#finish(this.#keepAlive && !missing, missing);
  }

  interim(status: number, fields: FieldList): void {
    if (this.#state !== 'waiting' || this.#head.version !== 'HTTP/1.1') return;
    this.#connection.send(`HTTP/1.1 ${status} ${reasonPhrase(status)}\r\n${fieldLines(fields)}\r\n`);
  }

  upgrade(fields: FieldList): RequestBody | null {
    if (this.#state !== 'waiting' || this.#head.version !== 'HTTP/1.1' || this.body !== null) return null;
    const { server } = this.#connection;
    this.#connection.send(
      `HTTP/1.1 101 ${reasonPhrase(101)}\r\n${server.text}${fieldLines(fields)}Connection: Upgrade\r\n\r\n`,
    );
    this.#state = 'started';
    this.#isTunnel = true;
    this.status = 101;
    this.responseFields = fields;
    return this.#connection.switchProtocols();
  }

  abort(status: number, why: string, fields: FieldList = []): void {
    if (this.#state === 'ended') return;
    if (this.#state === 'waiting') {
      this.respond(status, [...ERROR_FIELDS, ...fields], errorPage(status, why));
      return;
    }
    this.#flushHead();
    this.outcome = 'aborted';
    this.#finish(false, true);
  }

  /** The connection is lost. */
  clientGone(outcome: Outcome): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.outcome = outcome;
    this.conclude();
    this.onGone?.();
  }

  /** The head as text; from here on the status is decided. */
  #begin(status: number, fields: FieldList, bodyBytes: number, reason: string): string {
    const context = {
      method: this.#head.method,
      version: this.#head.version,
      keepAlive: this.#head.block.keepAlive && this.#connection.mayKeepAlive,
    };
    const head = responseHead(context, status, reason, fields, bodyBytes, this.#connection.server);
    this.status = status;
    this.responseFields = fields;
    this.#framing = head.framing;
    this.#keepAlive = head.keepAlive;
    this.#owed = head.contentLength;
    const { requestIdHeader } = this.#connection;
    return requestIdHeader === null ? head.text : withField(head.text, fields, requestIdHeader, this.id);
  }

  #flushHead(): void {
    if (this.#unsentHead === '') return;
    this.#connection.send(this.#unsentHead);
    this.#unsentHead = '';
  }

  #finish(keepAlive: boolean, cut: boolean): void {
    this.#state = 'ended';
    this.conclude();
    this.#connection.exchangeEnded(keepAlive, cut);
  }

  #reportLength(declared: number, actual: number): void {
    this.#connection.report(
      this,
      'response-length',
      brokenPromise(declared, actual, 'the connection is closed'),
    );
  }
}

/** The head with one field more, unless the application has sent that field itself. */
function withField(head: string, fields: FieldList, name: string, value: string): string {
  return hasField(fields, name) ? head : `${head.slice(0, -2)}${name}: ${value}\r\n\r\n`;
}

/** Values are trusted to hold no control characters, as in `responseHead`. */
function fieldLines(fields: FieldList): string {
  let lines = '';
  for (let i = 0; i < fields.length; i += 2) lines += `${fields[i]}: ${fields[i + 1]}\r\n`;
  return lines;
}
