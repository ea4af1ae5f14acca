/**
 * One request on a connection of a gateway protocol: while it arrives, then its exchange.
 *
 *   variables → (body → complete) → answering → over         refused at any point: answered
 */
import type { Socket } from 'node:net';
import { BodyError } from '../../body-error.ts';
import type { Bytes, Exchange, Outcome } from '../../exchange.ts';
import { RequestFields } from '../../fields.ts';
import type { GatewayRequest } from '../../protocols/cgi/gateway-request.ts';
import type { ResponseEncoder } from '../../protocols/gateway-protocol.ts';
import { Refusal } from '../../protocols/http1/refusal.ts';
import { UNKNOWN } from '../../protocols/response-fields.ts';
import { bodyDeadline } from '../body-deadline.ts';
import { CollectedBody } from '../collected-body.ts';
import { withContentLength } from '../http1/synthetic.ts';
import type { ListenerContext } from '../listener-context.ts';
import type { Peer } from '../peer.ts';
import { type BodySource, StreamedBody } from '../streamed-body.ts';
import { type ExchangeOwner, GatewayExchange } from './exchange.ts';
import { requestOf, unreadable } from './request.ts';

/** What a stream needs of its connection. */
export interface StreamConnection extends BodySource {
  readonly context: ListenerContext;
  readonly socket: Socket;
  readonly peer: Peer;
  readonly mayKeepAlive: boolean;
  send(parts: readonly Bytes[]): boolean;
  streamEnded(stream: GatewayStream, cut: boolean): void;
}

export class GatewayStream implements ExchangeOwner {
  readonly id: number;
  readonly encoder: ResponseEncoder;
  readonly #connection: StreamConnection;
  readonly #told: GatewayRequest | null;
  readonly #began: number;
  /** While it is collected. */
  #collected: CollectedBody | null = null;
  /** While it is handed on as it arrives. */
  #streamed: StreamedBody | null = null;
  /** Its body, if any, has come to its end. */
  isWhole = false;
  #exchange: GatewayExchange | null = null;

  /** `told`: null for a request that cannot be read. `began`: performance.now() at its first byte. */
  constructor(
    connection: StreamConnection,
    id: number,
    encoder: ResponseEncoder,
    told: GatewayRequest | null,
    began: number,
  ) {
    this.#connection = connection;
    this.id = id;
    this.encoder = encoder;
    this.#told = told;
    this.#began = began;
  }

  get exchange(): Exchange | null {
    return this.#exchange;
  }

  // ExchangeOwner

  get socket(): Socket {
    return this.#connection.socket;
  }

  /** Behind a body that was not read to its end there is no next request to be found. */
  get mayKeepAlive(): boolean {
    return this.#connection.mayKeepAlive && this.isWhole;
  }

  get requestIdHeader(): string | null {
    return this.#connection.context.settings.requestIdHeader;
  }

  send(parts: readonly Bytes[]): boolean {
    return this.#connection.send(parts);
  }

  exchangeEnded(cut: boolean): void {
    this.#collected?.discard();
    this.#collected = null;
    this.#streamed = null;
    this.#connection.streamEnded(this, cut);
  }

  report(exchange: Exchange, code: string, what: string): void {
    const { method, target } = exchange.request;
    this.#connection.context.log.warn(code, `[request ${exchange.id}] ${method} ${target}: ${what}`);
  }

  // What arrives

  /** The variables are there. `streams`: its body may be handed on while it arrives. */
  begin(streams: boolean): void {
    const { contentLength } = this.#told!;
    const { settings, bodySpool } = this.#connection.context;
    if (contentLength === 0) return;
    const limit = settings.limitRequestBody;
    if (streams && contentLength !== UNKNOWN) {
      this.#streamed = new StreamedBody(this.#connection, contentLength, limit, bodySpool);
      return this.#handle(this.#streamed);
    }
    if (limit > 0 && contentLength > limit) return this.#refuseBody();
    this.#collected = new CollectedBody(bodySpool);
  }

  /** False: hold the next bytes. `resume` tells when they may come. */
  arrived(data: Buffer, resume: () => void): boolean {
    // Of one that was answered before its end, what follows is not wanted.
    if (this.#streamed !== null) this.#streamed.push(data);
    const body = this.#collected;
    if (body === null) return true;
    const { limitRequestBody: limit } = this.#connection.context.settings;
    if (limit > 0 && body.size + data.length > limit) this.#refuseBody();
    else return body.add(data, resume);
    return true;
  }

  ended(): void {
    this.isWhole = true;
    if (this.#streamed !== null) return this.#streamed.end(null);
    if (this.#exchange !== null) return;
    const body = this.#collected;
    this.#collected = null;
    const { contentLength } = this.#told!;
    if (body !== null && contentLength !== UNKNOWN && body.size !== contentLength) {
      body.discard();
      return this.refuse(new Refusal(400, 'the request body is not as long as CONTENT_LENGTH says'));
    }
    body?.complete();
    if (body?.size === 0) body.discard();
    this.#handle(body?.size === 0 ? null : body);
  }

  /** Nobody has asked for the next bytes of the body. */
  get isHolding(): boolean {
    return this.#streamed !== null && !this.isWhole && !this.#streamed.isWanted;
  }

  /** The next bytes of its body are waited for. */
  get isArriving(): boolean {
    return !this.isWhole && (this.#collected !== null || this.#streamed?.isWanted === true);
  }

  waits(now: number): void {
    this.#streamed?.waits(now);
  }

  /** The front does not wait any longer, or the connection is lost. */
  gone(outcome: Outcome): void {
    this.#collected?.discard();
    this.#collected = null;
    this.#exchange?.clientGone(outcome);
  }

  /** Answers what cannot be accepted; whoever reads its body already is told instead. */
  refuse(refusal: Refusal): void {
    if (this.#exchange !== null) return this.#streamed?.fail(new BodyError(refusal.status, refusal.why));
    this.#collected?.discard();
    this.#collected = null;
    this.#connection.context.refuse(this.#open(), refusal);
  }

  /** Once a second, while the front is waited for. */
  check(now: number): void {
    const { settings } = this.#connection.context;
    const body = this.#collected;
    if (body !== null && now >= bodyDeadline(settings, this.#began, body.size))
      return this.refuse(new Refusal(408, 'the request body took longer than body-timeout'));
    const streamed = this.#streamed;
    if (streamed === null || !streamed.isWanted) return;
    if (streamed.waitedMs(now) >= bodyDeadline(settings, 0, streamed.received))
      streamed.fail(new BodyError(408, 'the request body took longer than body-timeout'));
  }

  #refuseBody(): void {
    this.refuse(new Refusal(413, 'the request body is larger than limit-request-body'));
  }

  #handle(body: CollectedBody | StreamedBody | null): void {
    const exchange = this.#open(body);
    exchange.body = body;
    this.#connection.context.handle(exchange);
  }

  #open(body: CollectedBody | StreamedBody | null = null): GatewayExchange {
    const { context, peer } = this.#connection;
    const told = this.#told;
    const fields = told?.fields ?? new RequestFields();
    const isUntold = told?.contentLength === UNKNOWN && body !== null;
    const request =
      told === null
        ? unreadable(peer)
        : requestOf(told, peer, isUntold ? withContentLength(fields, body.size) : fields);
    const id = context.nextId(fields);
    const exchange = new GatewayExchange(this, request, told?.variables ?? [], id, this.#began);
    this.#exchange = exchange;
    return exchange;
  }
}
