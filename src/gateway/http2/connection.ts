/**
 * An HTTP/2 connection: a session of `node:http2` (nghttp2), which reads and writes the socket itself, and its streams.
 * What nghttp2 does not limit is limited here. Deadlines are numbers that the listener looks at once a second.
 *
 * A drained connection tells its client the last request that was processed (GOAWAY, RFC 9113, section 6.8): what the
 * client has sent after that, it may send again elsewhere.
 */
import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { Http2Settings } from '../../config/configuration.ts';
import { Refusal } from '../../protocols/http1/refusal.ts';
import { parseRequestHead, type RequestHead } from '../../protocols/http2/request-head.ts';
import type { Connection } from '../connection.ts';
import { giveUp } from '../http1/give-up.ts';
import type { ListenerContext } from '../listener-context.ts';
import { type Peer, peerOf } from '../peer.ts';
import { Allowance } from './allowance.ts';
import { ENHANCE_YOUR_CALM } from './error-codes.ts';
import { CONNECTION_WINDOW, sessionOptions } from './session-options.ts';
import { Http2Stream } from './stream.ts';

/** How long a client may take to notice that the connection has ended. */
const LINGER_MS = 5_000;
/** An idle connection lets go of what it remembers of the last request after this. */
const FORGET_MS = 3_000;

export class Http2Connection implements Connection {
  readonly #socket: Socket;
  readonly #context: ListenerContext;
  readonly #peer: Peer;
  readonly #session: ServerHttp2Session;
  readonly #allowance: Allowance;
  readonly #streams = new Set<Http2Stream>();
  #previous: RequestHead | null = null;
  /** Since there is no stream, and until when that may be so. */
  #idleSince: number;
  #deadline: number;
  /** The next request is the last one. */
  #isLingering = false;

  /** `received`: what was read of the socket to recognise HTTP/2; null: nothing. */
  constructor(
    socket: Socket,
    context: ListenerContext,
    settings: Http2Settings,
    received: Buffer | null,
    now: number,
  ) {
    this.#socket = socket;
    this.#context = context;
    this.#idleSince = now;
    // A client that connects and says nothing has the time for a head, not that of a kept-alive connection.
    this.#deadline = now + context.settings.headerTimeoutMs;
    this.#allowance = new Allowance(settings.resetBurst, settings.resetRate, now);
    this.#peer = peerOf(socket, context);
    if (received !== null) socket.unshift(received);
    // Loaded with the first connection that speaks it: with what it needs it is 4 MB.
    const { performServerHandshake } = process.getBuiltinModule('node:http2');
    const session = performServerHandshake(socket, sessionOptions(context.settings, settings));
    this.#session = session;
    session.setLocalWindowSize(CONNECTION_WINDOW);
    session.on('stream', (stream, _headers, _flags, list: string[]) => this.#serve(stream, list));
    session.on('ping', () => this.#spend('pings'));
    session.on('remoteSettings', () => this.#spend('changes of settings'));
    session.on('error', (error) => this.#report(error));
    // A client that closes its half has gone, as with HTTP/1.1.
    socket.on('end', () => session.destroy());
  }

  get idleSince(): number | null {
    return this.#streams.size === 0 ? this.#idleSince : null;
  }

  check(now: number): void {
    for (const stream of this.#streams) stream.check(now);
    if (this.#streams.size > 0) return;
    if (now - this.#idleSince > FORGET_MS) this.#previous = null;
    if (now < this.#deadline) return;
    if (this.#session.closed || this.#session.destroyed) this.#socket.destroy();
    else this.#close(now);
  }

  drain(lingers: boolean): void {
    if (lingers && this.#streams.size === 0) this.#isLingering = true;
    else this.#close(performance.now());
  }

  cut(): void {
    for (const { exchange } of this.#streams) if (exchange !== null) giveUp(exchange, this.#context.log);
    this.#close(performance.now());
  }

  onClose(): void {
    this.#session.destroy();
    for (const stream of this.#streams) stream.gone('client-gone');
    this.#streams.clear();
  }

  #serve(stream: ServerHttp2Stream, list: readonly string[]): void {
    const now = performance.now();
    stream.on('error', ignore);
    // What was taken back by the time we hear of it is not begun.
    if (stream.closed || stream.destroyed) return this.#spend('requests taken back');
    const head = parseRequestHead(list, this.#context.settings, this.#previous);
    if (!(head instanceof Refusal)) this.#previous = head;
    const served = new Http2Stream(stream, head, this.#context, this.#peer, now);
    this.#streams.add(served);
    stream.on('close', () => this.#streamClosed(served));
    if (this.#isLingering) this.#close(now);
  }

  #streamClosed(served: Http2Stream): void {
    const isTakenBack = served.exchange?.isEnded !== true;
    served.gone('client-gone');
    this.#streams.delete(served);
    const now = performance.now();
    if (this.#streams.size === 0) this.#becomeIdle(now);
    if (isTakenBack) this.#spend('requests taken back');
  }

  #becomeIdle(now: number): void {
    const isEnding = this.#session.closed || this.#session.destroyed;
    this.#idleSince = now;
    this.#deadline = now + (isEnding ? LINGER_MS : this.#context.settings.keepAliveTimeoutMs);
  }

  /** Tells the client, finishes the streams, and ends. */
  #close(now: number): void {
    if (this.#session.closed || this.#session.destroyed) return;
    this.#deadline = now + LINGER_MS;
    if (this.#streams.size === 0) this.#session.destroy();
    else this.#session.close();
  }

  #spend(what: string): void {
    const now = performance.now();
    if (this.#session.destroyed || this.#allowance.take(now)) return;
    this.#deadline = now + LINGER_MS;
    this.#session.destroy(new Error(`too many ${what}`), ENHANCE_YOUR_CALM);
  }

  /** A connection that the client or the network has reset is nothing to speak of. */
  #report({ message, syscall }: NodeJS.ErrnoException): void {
    if (syscall !== undefined) return;
    const client = this.#peer.remoteAddress || 'a local client';
    this.#context.log.info('protocol-error', `HTTP/2 from ${client}: ${message}`);
  }
}

/** 'close' follows and says all there is to say. */
function ignore(): void {}
