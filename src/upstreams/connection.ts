/**
 * A connection to an upstream server: a socket, the decoder of its responses, and one request at a time.
 *
 *   connecting → idle ⇄ busy → closed        busy → switched (101) → closed
 *
 * All connections read into one buffer, so what a listener is given is valid during the call only. Deadlines are
 * numbers that are looked at a few times a second (`check`), so a request costs no timer.
 */
import net, { type Socket } from 'node:net';
import tls from 'node:tls';
import type { Bytes, FieldList } from '../exchange.ts';
import type { GatewayClient, ResponseDecoder } from '../protocols/gateway-protocol.ts';
import { ResponseParser } from '../protocols/http1/response-parser.ts';
import type { ResponseLimits, UpstreamHead } from '../protocols/http1/response-reading.ts';
import { Failure, isReset, reasonOf } from './failure.ts';

export interface ConnectionTimeouts {
  readonly connectTimeoutMs: number;
  /** Longest wait for the server to take any bytes. */
  readonly sendTimeoutMs: number;
  /** Longest wait for any bytes of the answer, once the request is sent. */
  readonly readTimeoutMs: number;
  /** After 101: longest silence in both directions. */
  readonly tunnelTimeoutMs: number;
}

/** Whoever has sent a request. After `end` and `failed` it is told nothing more. */
export interface ResponseListener {
  /** The connection, which was new, is there: what was sent up to now is on its way. */
  connected(): void;
  interim(head: UpstreamHead): void;
  /** The answer is there whole. */
  whole(head: UpstreamHead, body: Buffer): void;
  head(head: UpstreamHead): void;
  /** Body bytes, or, after a head with status 101, bytes of the other protocol. To be copied if they are kept. */
  data(chunk: Buffer): void;
  end(trailers: FieldList | null): void;
  failed(failure: Failure): void;
  /** Room again after `write` returned false. */
  drain(): void;
  /** What an application has written to its error output (FastCGI). To be copied if it is kept. */
  stderr(chunk: Buffer): void;
  /** The server asks for the next packet of the body (AJP). */
  bodyWanted(): void;
}

export interface Endpoint {
  /** Null: HTTP. */
  readonly protocol: GatewayClient | null;
  /** Path of a Unix socket; null for TCP. */
  readonly path: string | null;
  readonly host: string;
  readonly port: number;
  /** Null: without TLS. */
  readonly tls: tls.ConnectionOptions | null;
}

/** What a connection tells the pool it belongs to. */
export interface ConnectionOwner {
  /** It can take another request. */
  idle(connection: UpstreamConnection): void;
  closed(connection: UpstreamConnection): void;
}

const READ_BYTES = 65_536;
/** One is enough: what is read is used before the next read. */
const readBuffer = Buffer.allocUnsafeSlow(READ_BYTES);

export class UpstreamConnection {
  readonly #socket: Socket;
  readonly #decoder: ResponseDecoder;
  readonly #owner: ConnectionOwner;
  #listener: ResponseListener | null = null;
  #timeouts: ConnectionTimeouts | null = null;
  #isConnected = false;
  #isSwitched = false;
  #isPaused = false;
  /** The server has closed its half. */
  #hasEnded = false;
  #isSent = false;
  /** Bytes of the present answer have come. */
  #isAnswering = false;
  #writableBefore = 0;
  #activeAt: number;
  #error: Error | null = null;
  /** Requests that were sent on it. */
  requests = 0;
  /** performance.now() when it became idle. */
  idleSince = 0;

  constructor(endpoint: Endpoint, limits: ResponseLimits, owner: ConnectionOwner, now: number) {
    this.#decoder = endpoint.protocol?.responseDecoder(limits) ?? new ResponseParser(limits);
    this.#owner = owner;
    this.#activeAt = now;
    this.#socket = this.#open(endpoint);
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  /** `closed` may be told a moment later. */
  get isDestroyed(): boolean {
    return this.#socket.destroyed;
  }

  get isReused(): boolean {
    return this.requests > 1;
  }

  /** What is written until `uncork` goes to the server in one write. */
  cork(): void {
    this.#socket.cork();
  }

  uncork(): void {
    this.#socket.uncork();
  }

  /** Sends the head of a request, with the beginning of its body. `write` and `finish` follow. */
  send(method: string, head: Bytes, timeouts: ConnectionTimeouts, listener: ResponseListener): void {
    this.#listener = listener;
    this.#timeouts = timeouts;
    this.#isSent = false;
    this.#isAnswering = false;
    this.#activeAt = performance.now();
    this.requests++;
    this.#decoder.expect(method);
    this.write(head);
  }

  /** False: hold the next bytes until `drain`. */
  write(bytes: Bytes): boolean {
    if (this.#isSwitched) this.#activeAt = performance.now();
    return typeof bytes === 'string' ? this.#socket.write(bytes, 'latin1') : this.#socket.write(bytes);
  }

  /** The request has been sent whole. */
  finish(): void {
    this.#isSent = true;
    this.#activeAt = performance.now();
  }

  pause(): void {
    if (this.#isPaused) return;
    this.#isPaused = true;
    this.#socket.pause();
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#activeAt = performance.now();
    this.#socket.resume();
    // What had been read before it was paused; it may only be the end.
    process.nextTick(() => {
      this.#advance();
      if (this.#hasEnded) this.#onEnd();
    });
  }

  /** Sends what is still to be sent and closes this half; for a protocol that was switched to. */
  endSending(): void {
    this.#socket.end();
  }

  /** The listener wants no more of it. */
  destroy(): void {
    this.#listener = null;
    this.#socket.destroy();
  }

  /** A few times a second while it is busy. */
  check(now: number): void {
    const timeouts = this.#timeouts;
    if (timeouts === null || this.#listener === null) return;
    if (!this.#isConnected) {
      if (now - this.#activeAt >= timeouts.connectTimeoutMs)
        this.#fail(
          new Failure('timeout', `could not be connected to within ${seconds(timeouts.connectTimeoutMs)}`, {
            isUnsent: true,
          }),
        );
    } else if (this.#socket.writableLength > 0) {
      this.#checkSending(now, timeouts.sendTimeoutMs);
    } else if (this.#isSwitched) {
      if (now - this.#activeAt >= timeouts.tunnelTimeoutMs)
        this.#fail(new Failure('timeout', `was silent for ${seconds(timeouts.tunnelTimeoutMs)}`));
    } else if (this.#isSent && !this.#isPaused && now - this.#activeAt >= timeouts.readTimeoutMs) {
      const what = this.#isAnswering ? 'sent nothing more' : 'did not answer';
      this.#fail(new Failure('timeout', `${what} for ${seconds(timeouts.readTimeoutMs)}`));
    }
  }

  #checkSending(now: number, timeoutMs: number): void {
    const { writableLength } = this.#socket;
    if (writableLength !== this.#writableBefore) {
      this.#writableBefore = writableLength;
      this.#activeAt = now;
    } else if (now - this.#activeAt >= timeoutMs) {
      this.#fail(new Failure('timeout', `took no bytes of the request for ${seconds(timeoutMs)}`));
    }
  }

  #open({ path, host, port, tls: secure }: Endpoint): Socket {
    const where = path === null ? { host, port } : { path };
    const onread = { buffer: readBuffer, callback: this.#onRead };
    const socket =
      secure === null
        ? net.connect({ ...where, noDelay: path === null, allowHalfOpen: true, onread })
        : tls.connect({ ...where, ...secure });
    if (secure !== null) {
      socket.on('data', (chunk: Buffer) => this.#onRead(chunk.length, chunk));
      socket.setNoDelay(path === null);
    }
    socket.on(secure === null ? 'connect' : 'secureConnect', () => this.#onConnect());
    socket.on('end', () => this.#onEnd());
    socket.on('drain', () => this.#listener?.drain());
    socket.on('error', (error) => {
      this.#error = error;
    });
    socket.on('close', () => this.#onClose());
    return socket;
  }

  #onConnect(): void {
    this.#isConnected = true;
    this.#activeAt = performance.now();
    this.#listener?.connected();
  }

  readonly #onRead = (count: number, buffer: Uint8Array): boolean => {
    this.#activeAt = performance.now();
    const chunk = Buffer.from(buffer.buffer, buffer.byteOffset, count);
    if (this.#isSwitched) {
      this.#listener?.data(chunk);
      return !this.#isPaused;
    }
    this.#decoder.push(chunk);
    this.#advance();
    if (this.#decoder.pending > 0) this.#decoder.hold();
    return !this.#isPaused;
  };

  #advance(): void {
    while (!this.#isPaused) {
      const event = this.#decoder.next();
      if (event === 'need-data') return;
      if (event === 'broken') return this.#broken();
      const listener = this.#listener;
      if (listener === null) return;
      this.#isAnswering = true;
      if (event === 'interim') listener.interim(this.#decoder.head!);
      else if (event === 'head') this.#onHead(listener, this.#decoder.head!);
      else if (event === 'data') listener.data(this.#decoder.data);
      else if (event === 'end') this.#ended(listener);
      else if (event === 'stderr') listener.stderr(this.#decoder.data);
      else this.#onBodyWanted(listener);
    }
  }

  /** From now on the server waits for us. */
  #onBodyWanted(listener: ResponseListener): void {
    this.#isSent = false;
    listener.bodyWanted();
  }

  #onHead(listener: ResponseListener, head: UpstreamHead): void {
    if (head.status === 101) {
      this.#isSwitched = true;
      const rest = this.#decoder.takeRest();
      listener.head(head);
      if (rest.length > 0) this.#listener?.data(rest);
      return;
    }
    const body = this.#decoder.takeWhole();
    if (body === null) return listener.head(head);
    this.#listener = null;
    // First of all: a request that waits for this server can have the connection. The body stays until the next read.
    this.#release();
    listener.whole(head, body);
  }

  #ended(listener: ResponseListener): void {
    this.#listener = null;
    const { trailers } = this.#decoder;
    this.#release();
    listener.end(trailers);
  }

  /** An answer before the whole request was sent leaves a connection on which nobody knows what is read next. */
  #release(): void {
    if (
      this.#decoder.keepsConnection &&
      this.#isSent &&
      this.#decoder.pending === 0 &&
      !this.#socket.destroyed
    ) {
      this.#timeouts = null;
      this.#owner.idle(this);
    } else this.#socket.destroy();
  }

  #broken(): void {
    this.#fail(new Failure('invalid', `sent ${this.#decoder.fault}`));
  }

  #onEnd(): void {
    this.#hasEnded = true;
    if (this.#listener === null) return void this.#socket.destroy();
    if (this.#isSwitched) return this.#tellEnd();
    if (this.#isPaused) return;
    if (this.#decoder.close() === 'end') return this.#tellEnd();
    this.#fail(this.#closedEarly(`closed the connection: ${this.#decoder.fault}`));
  }

  #tellEnd(): void {
    const listener = this.#listener;
    this.#listener = null;
    listener?.end(null);
    this.#socket.destroySoon();
  }

  #onClose(): void {
    if (this.#listener !== null) {
      const why = reasonOf(this.#error ?? new Error('the connection was closed'));
      if (this.#isConnected) this.#fail(this.#closedEarly(why, isReset(this.#error)));
      else this.#fail(new Failure('connect', why, { isUnsent: true }));
    }
    this.#owner.closed(this);
  }

  #closedEarly(why: string, isReset = false): Failure {
    return new Failure('closed', why, { isStale: this.isReused && !this.#isAnswering, isReset });
  }

  #fail(failure: Failure): void {
    const listener = this.#listener;
    this.#listener = null;
    this.#socket.destroy();
    listener?.failed(failure);
  }
}

function seconds(ms: number): string {
  return `${ms / 1000} s`;
}
