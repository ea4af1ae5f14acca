/**
 * Sends the request of an exchange to one server after the other, in what each of them speaks: HTTP/1.1, where `Expect` is
 * left to the server, or a gateway protocol.
 */
import type { Exchange } from '../../exchange.ts';
import type { GatewayClient } from '../../protocols/gateway-protocol.ts';
import type { ResponseListener, UpstreamConnection } from '../../upstreams/connection.ts';
import type { UpstreamServer } from '../../upstreams/server.ts';
import { AS_IT_IS, type BodyFraming, CHUNKED } from './body-framing.ts';
import { BodySender } from './body-sender.ts';
import type { ProxyContext } from './context.ts';
import { gatewayRequest } from './gateway-request.ts';
import { type OutgoingRequest, outgoingRequest, requestHead } from './request-head.ts';
import type { Script } from './scripts.ts';

/** A server that does not answer Expect gets the body nevertheless (RFC 9110, section 10.1.1). */
const CONTINUE_WAIT_MS = 1_000;

export class RequestSender {
  readonly #proxy: ProxyContext;
  readonly #exchange: Exchange;
  readonly #body: BodySender;
  readonly outgoing: OutgoingRequest;
  readonly #script: Script | null;
  #connection: UpstreamConnection | null = null;
  #framing: BodyFraming | null = null;
  #isPaced = false;
  #continueTimer: NodeJS.Timeout | null = null;

  /** `onBodyError`: the client has broken off, or sends what cannot be passed on. */
  constructor(
    proxy: ProxyContext,
    exchange: Exchange,
    script: Script | null,
    onBodyError: (error: Error) => void,
  ) {
    this.#proxy = proxy;
    this.#exchange = exchange;
    this.outgoing = outgoingRequest(exchange, proxy.settings);
    this.#script = script;
    this.#body = new BodySender(exchange.body, onBodyError);
  }

  /** Nothing of it is lost yet: another server can be sent it. */
  get isRepeatable(): boolean {
    return this.#body.isRepeatable;
  }

  /** @throws RequestTooLarge, with nothing sent */
  send(server: UpstreamServer, connection: UpstreamConnection, listener: ResponseListener): void {
    this.#connection = connection;
    const { protocol } = server.endpoint;
    if (protocol !== null) return this.#sendByGateway(server, connection, protocol, listener);
    const { settings } = this.#proxy;
    const body = this.#body;
    const head = requestHead(this.#exchange, this.outgoing, settings, server.name, body.size);
    const isAwaited = this.#exchange.body?.stream?.isAwaited === true;
    connection.send(this.outgoing.method, head + body.short, settings, listener);
    this.#framing = body.isJoined ? null : body.size === -1 ? CHUNKED : AS_IT_IS;
    this.#isPaced = false;
    if (isAwaited) this.#continueTimer = setTimeout(() => this.agreed(), CONTINUE_WAIT_MS);
    else this.#sendBody();
  }

  #sendByGateway(
    server: UpstreamServer,
    connection: UpstreamConnection,
    { requestEncoder, isPaced }: GatewayClient,
    listener: ResponseListener,
  ): void {
    const encoder = requestEncoder(server.keepsConnections);
    const request = gatewayRequest(this.#exchange, this.outgoing, this.#script, this.#proxy, server.name);
    const head = encoder.head(request, this.#body.size ?? 0);
    connection.cork();
    connection.send(request.method, head, this.#proxy.settings, listener);
    this.#framing = encoder;
    this.#isPaced = isPaced;
    this.#sendBody();
    connection.uncork();
  }

  /** The connection, which was new, is there. */
  connected(): void {
    if (this.#body.isLostWhenRead && this.#continueTimer === null) this.#start();
  }

  /** The server will take the body (100 Continue), or has said nothing for too long. */
  agreed(): void {
    if (this.#continueTimer === null) return;
    this.#stopWaiting();
    this.#start();
  }

  /** The connection has room again. */
  goOn(): void {
    this.#body.goOn();
  }

  /** The server has asked for the next packet of the body. */
  wanted(): void {
    this.#body.wanted();
  }

  /** The server is to get nothing more. */
  stop(): void {
    this.#connection = null;
    this.#stopWaiting();
    this.#body.stop();
  }

  /** The server answers: it has said all that it wants to of Expect. */
  answered(): void {
    this.#stopWaiting();
  }

  /** A body that is read is lost to the next server: not before this one is there. */
  #sendBody(): void {
    if (this.#connection!.isConnected || !this.#body.isLostWhenRead) this.#start();
  }

  #start(): void {
    if (this.#connection !== null) this.#body.start(this.#connection, this.#framing, this.#isPaced);
  }

  #stopWaiting(): void {
    if (this.#continueTimer !== null) clearTimeout(this.#continueTimer);
    this.#continueTimer = null;
  }
}
