/**
 * The PROXY headers of a listener: from an accepted connection to one whose client is known. Only trusted proxies may
 * connect, and each connection has to begin with the header; what follows, TLS or HTTP, is served as if the client had
 * connected itself.
 */
import type { Socket } from 'node:net';
import type { Configuration } from '../config/configuration.ts';
import { RefusalReport } from '../middleware/refusal-report.ts';
import { TrustedProxies } from '../middleware/trusted-proxies/trusted-proxies.ts';
import { type ConnectionEnds, parseProxyHeader } from '../protocols/proxy-protocol/header.ts';
import type { Log } from '../telemetry/log.ts';

/** Who a proxy says that it is. */
export interface ProxiedClient {
  /** Null: the proxy itself. */
  readonly ends: ConnectionEnds | null;
  readonly isSecure: boolean;
}

/** Who the proxies of a listener say that their clients are. */
export class ProxiedClients {
  readonly #bySocket = new WeakMap<Socket, ProxiedClient>();
  /** By the proxy's end of the connection: once it speaks TLS, its socket is another object. */
  readonly #byAddress = new Map<string, ProxiedClient>();

  /** Null: nobody has said anything. */
  find(socket: Socket): ProxiedClient | null {
    return this.#bySocket.get(socket) ?? this.#byAddress.get(addressOf(socket)) ?? null;
  }

  /** Until the connection is closed. */
  add(socket: Socket, client: ProxiedClient): void {
    this.#bySocket.set(socket, client);
    if (socket.remotePort === undefined) return;
    const address = addressOf(socket);
    this.#byAddress.set(address, client);
    socket.on('close', () => this.#byAddress.delete(address));
  }
}

function addressOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

export interface ProxyHeadersContext {
  readonly clients: ProxiedClients;

  /** `address`: '' on a Unix socket. */
  readonly isTrusted: (address: string) => boolean;
  readonly timeoutMs: number;
  /** What is listened at, for messages. */
  readonly url: string;
  readonly log: Log;
}

/** `url`: what is listened at. The configuration has trusted proxies. */
export function proxyHeadersContext(
  url: string,
  { trustedProxies, http }: Configuration,
  log: Log,
): ProxyHeadersContext {
  const proxies = new TrustedProxies(trustedProxies!);
  return {
    clients: new ProxiedClients(),
    isTrusted: (address) => proxies.isTrusted(address),
    timeoutMs: http.headerTimeoutMs,
    url,
    log,
  };
}

interface Waiting {
  bytes: Buffer;
  readonly deadline: number;
}

export class ProxyHeaders {
  readonly #context: ProxyHeadersContext;
  readonly #identified: (socket: Socket) => void;
  readonly #ended: () => void;
  readonly #report: RefusalReport;
  readonly #waiting = new Map<Socket, Waiting>();

  /** `identified`: a header was read. `ended`: after a connection has gone. */
  constructor(context: ProxyHeadersContext, identified: (socket: Socket) => void, ended: () => void) {
    const { url, log } = context;
    this.#context = context;
    this.#identified = identified;
    this.#ended = ended;
    this.#report = new RefusalReport((what) => log.warn('proxy-refused', `${url}: ${what}`));
  }

  get size(): number {
    return this.#waiting.size;
  }

  accept(socket: Socket, now: number): void {
    const address = (socket.remoteAddress ?? '').replace(/^::ffff:/, '');
    socket.on('error', ignore);
    if (!this.#context.isTrusted(address)) {
      this.#report.add('no trusted proxy', address);
      socket.destroy();
      return;
    }
    this.#waiting.set(socket, { bytes: Buffer.alloc(0), deadline: now + this.#context.timeoutMs });
    const onData = (chunk: Buffer) => {
      const waiting = this.#waiting.get(socket)!;
      waiting.bytes = waiting.bytes.length === 0 ? chunk : Buffer.concat([waiting.bytes, chunk]);
      const header = parseProxyHeader(waiting.bytes);
      if (header === 'incomplete') return;
      socket.off('data', onData).off('end', onEnd);
      if (header === 'malformed') {
        this.#report.add('no PROXY header', address);
        socket.destroy();
        return;
      }
      this.#waiting.delete(socket);
      this.#context.clients.add(socket, header);
      this.#goOn(socket, waiting.bytes.subarray(header.length));
    };
    const onEnd = () => socket.destroy();
    socket.on('data', onData).on('end', onEnd);
    socket.on('close', () => {
      if (this.#waiting.delete(socket)) this.#ended();
    });
  }

  /** Once a second. */
  check(now: number): void {
    for (const [socket, { deadline }] of this.#waiting) if (now >= deadline) socket.destroy();
  }

  /** Those that have said nothing yet are let go. */
  drain(): void {
    for (const [socket, { bytes }] of this.#waiting) if (bytes.length === 0) socket.destroy();
  }

  cut(): void {
    for (const socket of this.#waiting.keys()) socket.destroy();
  }

  /** `rest`: the first bytes of the client. */
  #goOn(socket: Socket, rest: Buffer): void {
    socket.pause();
    if (rest.length > 0) socket.unshift(rest);
    this.#identified(socket);
    if (!socket.destroyed) socket.resume();
  }
}

/** 'close' follows and says all there is to say. */
function ignore(): void {}
