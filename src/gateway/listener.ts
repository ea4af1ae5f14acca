/** A listening socket and its connections. */
import net from 'node:net';
import { acceptWaiting, descriptorOf, type SocketCalls, socketCalls } from '../base/socket-calls.ts';
import { GatewayConnection } from './cgi/connection.ts';
import { PromptConnections } from './cgi/prompt-connections.ts';
import type { Connection } from './connection.ts';
import { Http1Connection } from './http1/connection.ts';
import { Http2Connection } from './http2/connection.ts';
import { comparePreface } from './http2/preface.ts';
import type { ListenerContext } from './listener-context.ts';
import { isGone, peerOf } from './peer.ts';
import { ProxyHeaders } from './proxy-headers.ts';
import { TlsHandshakes } from './tls-handshakes.ts';

interface ConnectedSocket extends net.Socket {
  connection: Connection;
  listener: Listener;
}

/** Of a connection that reads and writes its socket itself, and not by a library. */
interface ByteSocket extends ConnectedSocket {
  connection: Http1Connection | GatewayConnection;
}

interface Http1Socket extends ByteSocket {
  /** Bytes that may yet become the preface of HTTP/2. */
  firstBytes: Buffer | null;
}

const CLOSING = 'Content-Length: 0\r\nRetry-After: 1\r\nConnection: close\r\n\r\n';
/** There are too many connections, or too many of this client. */
const OVERLOADED = `HTTP/1.1 503 Service Unavailable\r\n${CLOSING}`;
const TOO_MANY = `HTTP/1.1 429 Too Many Requests\r\n${CLOSING}`;

/** How long, and how many at once, clients who were turned away may take to read that. */
const DISMISSAL_MS = 1_000;
const DISMISSED_MAX = 256;

export class Listener {
  readonly #server: net.Server;
  readonly #context: ListenerContext;
  readonly #connections = new Set<Connection>();
  /** Null: clients connect themselves. */
  readonly #proxyHeaders: ProxyHeaders | null;
  /** Null: connections are plain. */
  readonly #handshakes: TlsHandshakes | null;
  /** For a front with a connection for each request. Null: clients keep theirs, or the calls cannot be had. */
  readonly #calls: SocketCalls | null;
  /** Null: none that could be served so. */
  readonly #prompt: PromptConnections | null;
  #fd = -1;
  /** Connections since the start, those that were turned away among them. */
  accepted = 0;
  turnedAway = 0;
  /** Those of them whose client had enough. */
  limited = 0;
  /** Turned away, and not yet closed. */
  #dismissed = 0;
  /** Set while it drains. */
  #empty: PromiseWithResolvers<void> | null = null;

  constructor(context: ListenerContext) {
    this.#context = context;
    const ended = () => this.#onEnded();
    const { proxy } = context;
    this.#proxyHeaders = proxy && new ProxyHeaders(proxy, (socket) => this.#begin(socket), ended);
    this.#handshakes =
      context.tls === null
        ? null
        : new TlsHandshakes(
            context.tls,
            (socket) => this.#serve(socket, socket.alpnProtocol || 'http/1.1'),
            ended,
          );
    this.#calls = context.gateway === null || context.proxy !== null ? null : socketCalls();
    this.#prompt = this.#servePrompt();
    // In TLS a closed half is an end (and in a handshake Node would not notice it).
    this.#server = net.createServer(
      {
        allowHalfOpen: context.tls === null,
        noDelay: context.path === null,
        pauseOnConnect: this.#prompt !== null,
      },
      (socket) => this.#arrived(socket),
    );
  }

  /** Takes over an inherited listening socket. */
  listen(fd: number, backlog: number): Promise<void> {
    this.#fd = fd;
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      // As an option beside `fd` the backlog would be ignored.
      this.#server.listen({ fd }, backlog, () => {
        this.#server.off('error', reject);
        // An accept that fails for want of descriptors is tried again by Node; nothing to do but say so.
        this.#server.on('error', (error) => this.#context.log.error('accept-failed', error.message));
        resolve();
      });
    });
  }

  get connections(): number {
    return this.#connections.size;
  }

  /** Once a second. */
  check(now: number): void {
    for (const connection of this.#connections) connection.check(now);
    this.#handshakes?.check(now);
    this.#proxyHeaders?.check(now);
  }

  /**
   * Accepts no more, and resolves when the last connection has ended. The socket itself stays open in the supervisor.
   * `lingers`: connections without a request may bring one more. May be called again.
   */
  drain(lingers: boolean): Promise<void> {
    if (this.#empty === null) this.#server.close();
    this.#empty ??= Promise.withResolvers<void>();
    for (const connection of this.#connections) connection.drain(lingers);
    if (!lingers) this.#handshakes?.drain();
    if (!lingers) this.#proxyHeaders?.drain();
    this.#onEnded();
    return this.#empty.promise;
  }

  /** Ends all connections. Their clients are told that their requests are lost. */
  cut(): void {
    for (const connection of this.#connections) connection.cut();
    this.#handshakes?.cut();
    this.#proxyHeaders?.cut();
  }

  #arrived(socket: net.Socket): void {
    const calls = this.#calls;
    if (calls === null) return this.#accept(socket);
    if (this.#prompt?.serve(descriptorOf(socket), socket) !== true) this.#accept(socket.resume());
    if (this.#empty === null) acceptWaiting(this.#fd, calls, this.#take);
  }

  readonly #take = (fd: number): void => {
    if (this.#prompt?.serve(fd, null) === true) return;
    const socket = new net.Socket({ fd, allowHalfOpen: true });
    if (this.#context.path === null) socket.setNoDelay();
    this.#accept(socket);
  };

  #accept(socket: net.Socket): void {
    this.accepted++;
    if (isGone(socket)) return this.#letGo(socket);
    if (this.#context.gateway?.admits(socket) === false) return this.#refuse(socket);
    if (this.#isFull) this.#turnAway(socket, OVERLOADED);
    else if (this.#proxyHeaders === null) this.#begin(socket);
    else this.#proxyHeaders.accept(socket, performance.now());
  }

  /** Whoever the client is, it is known. */
  #begin(socket: net.Socket): void {
    const handshakes = this.#handshakes;
    const { clientConnections } = this.#context;
    if (clientConnections?.admit(socket, peerOf(socket, this.#context).remoteAddress) === false) {
      this.limited++;
      this.#turnAway(socket, TOO_MANY);
    } else if (handshakes === null) this.#serve(socket, null);
    else if (handshakes.isFull) this.#turnAway(socket, OVERLOADED);
    else handshakes.accept(socket, performance.now());
  }

  /** No more may be served, and none gives way. */
  get #isFull(): boolean {
    return this.#clients >= this.#context.settings.maxClients && !this.#closeLongestIdle();
  }

  /** Connections, also those that are not yet so far. */
  get #clients(): number {
    return this.#connections.size + (this.#handshakes?.size ?? 0) + (this.#proxyHeaders?.size ?? 0);
  }

  /** It is none of those that may connect. */
  #refuse(socket: net.Socket): void {
    this.turnedAway++;
    this.#letGo(socket);
  }

  #letGo(socket: net.Socket): void {
    socket.on('error', ignore);
    socket.destroy();
    this.#onEnded();
  }

  /** `answer`: where TLS does not stand before it, and HTTP is spoken. */
  #turnAway(socket: net.Socket, answer: string): void {
    this.turnedAway++;
    socket.on('error', ignore);
    if (this.#handshakes !== null) return void socket.destroy();
    const { gateway } = this.#context;
    if (gateway === null) socket.write(answer, 'latin1');
    else for (const part of gateway.overloaded) socket.write(part as string, 'latin1');
    this.#dismiss(socket);
  }

  /** What still comes is read for a moment: unread, it would make of our close a reset that takes the answer with it. */
  #dismiss(socket: net.Socket): void {
    if (this.#dismissed >= DISMISSED_MAX) return void socket.end(() => socket.destroy());
    this.#dismissed++;
    const timer = setTimeout(() => socket.destroy(), DISMISSAL_MS).unref();
    socket.on('close', () => {
      clearTimeout(timer);
      this.#dismissed--;
    });
    socket.resume();
    socket.end();
  }

  /** `protocol`: what the client has agreed to in TLS; null on plain connections, where its first bytes tell. */
  #serve(socket: net.Socket, protocol: string | null): void {
    // After TLS it is another socket, which asks for the address anew.
    if (isGone(socket)) return this.#letGo(socket);
    this.#attach(socket);
    if (this.#context.gateway !== null) this.#serveGateway(socket);
    else if (protocol === 'h2') this.#serveHttp2(socket, null);
    else this.#serveHttp1(socket, protocol === null && this.#context.settings.http2 !== null);
    this.#drainLate(socket);
  }

  #attach(socket: net.Socket): void {
    (socket as ConnectedSocket).listener = this;
    socket.on('error', ignore);
    socket.on('close', onClose);
  }

  /** It came while we have stopped to accept, and is served once. */
  #drainLate(socket: net.Socket): void {
    if (this.#empty !== null) (socket as ConnectedSocket).connection.drain(true);
  }

  /** `mayBeHttp2`: the first bytes tell (RFC 9113, section 3.3, prior knowledge). */
  #serveHttp1(socket: net.Socket, mayBeHttp2: boolean): void {
    (socket as Http1Socket).firstBytes = null;
    const connection = new Http1Connection(socket, this.#context, performance.now());
    this.#serveBytes(socket, connection, mayBeHttp2 ? onFirstData : onData);
  }

  #serveGateway(socket: net.Socket): void {
    const peer = peerOf(socket, this.#context);
    const connection = new GatewayConnection(socket, peer, this.#context, performance.now());
    this.#serveBytes(socket, connection, onData);
  }

  #servePrompt(): PromptConnections | null {
    const calls = this.#calls;
    const { path } = this.#context;
    if (calls === null || path === null) return null;
    return new PromptConnections(calls, path, this.#context, {
      isFull: () => this.#isFull,
      accepted: (connection) => {
        this.accepted++;
        this.#connections.add(connection);
      },
      opened: (connection, socket) => {
        this.#attach(socket);
        this.#serveBytes(socket, connection, onData);
      },
      closed: (connection) => this.closed(connection),
    });
  }

  #serveBytes(
    socket: net.Socket,
    connection: Http1Connection | GatewayConnection,
    take: typeof onData,
  ): void {
    this.#connections.add(connection);
    (socket as ByteSocket).connection = connection;
    socket.on('data', take);
    socket.on('end', onEnd);
    socket.on('drain', onDrain);
  }

  /** `received`: what has been read of the socket so far. */
  #serveHttp2(socket: net.Socket, received: Buffer | null): void {
    const settings = this.#context.settings.http2!;
    socket.pause();
    const connection = new Http2Connection(socket, this.#context, settings, received, performance.now());
    this.#connections.add(connection);
    (socket as ConnectedSocket).connection = connection;
  }

  /** The socket speaks HTTP/2, as its first bytes have shown. */
  becomesHttp2(socket: net.Socket, received: Buffer): void {
    this.#connections.delete((socket as ConnectedSocket).connection);
    socket.off('data', onFirstData).off('end', onEnd).off('drain', onDrain);
    this.#serveHttp2(socket, received);
    this.#drainLate(socket);
  }

  /** Kept-alive connections give way to new ones. They are in order of arrival, so the first idle one will do. */
  #closeLongestIdle(): boolean {
    for (const connection of this.#connections) {
      if (connection.idleSince === null) continue;
      connection.drain(false);
      this.#connections.delete(connection);
      return true;
    }
    return false;
  }

  closed(connection: Connection): void {
    this.#connections.delete(connection);
    connection.onClose();
    this.#onEnded();
  }

  #onEnded(): void {
    if (this.#clients === 0) this.#empty?.resolve();
  }
}

// Functions shared by all sockets: an idle connection keeps no closures of its own.
function onFirstData(this: net.Socket, chunk: Buffer): void {
  const socket = this as Http1Socket;
  const received = socket.firstBytes === null ? chunk : Buffer.concat([socket.firstBytes, chunk]);
  const likeness = comparePreface(received);
  socket.firstBytes = likeness === 'part' ? received : null;
  if (likeness === 'part') return;
  if (likeness === 'whole') return socket.listener.becomesHttp2(socket, received);
  socket.off('data', onFirstData);
  socket.on('data', onData);
  socket.connection.onData(received);
}

function onData(this: net.Socket, chunk: Buffer): void {
  (this as ByteSocket).connection.onData(chunk);
}

function onEnd(this: net.Socket): void {
  (this as ByteSocket).connection.onEnd();
}

function onDrain(this: net.Socket): void {
  (this as ByteSocket).connection.onDrain();
}

function onClose(this: net.Socket): void {
  (this as ConnectedSocket).listener.closed((this as ConnectedSocket).connection);
}

/** 'close' follows and says all there is to say. */
function ignore(): void {}
