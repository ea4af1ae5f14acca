/**
 * A connection for one request, from a front on the same machine: the request is there when the connection is, and the
 * answer fits into the socket's buffer, so that one system call each will do. Has of net.Socket what a gateway connection
 * uses, and becomes one as soon as something is to be waited for.
 *
 *   prompt ─ anything that has to wait → opened (a net.Socket does it all)      either ─ destroy → closed
 */
import { Socket } from 'node:net';
import type { SocketCalls } from '../../base/socket-calls.ts';
import type { Bytes } from '../../exchange.ts';

export interface PromptSocketOwner {
  readonly calls: SocketCalls;
  /** From now on the socket has events. */
  opened(prompt: PromptSocket, socket: Socket): void;
  /** It was closed before it had any. */
  closed(prompt: PromptSocket): void;
}

const CLOSED = -1;

export class PromptSocket {
  readonly #owner: PromptSocketOwner;
  #fd: number;
  /** Of Node's, which has accepted it, and does not read it yet. */
  readonly #accepted: Socket | null;
  #socket: Socket | null = null;
  /** performance.now() when it was accepted. */
  readonly since: number;
  /** It has come by a Unix socket. */
  readonly remoteAddress = undefined;

  constructor(owner: PromptSocketOwner, fd: number, accepted: Socket | null, since: number) {
    this.#owner = owner;
    this.#fd = fd;
    this.#accepted = accepted;
    this.since = since;
  }

  get destroyed(): boolean {
    return this.#socket === null ? this.#fd === CLOSED : this.#socket.destroyed;
  }

  get writableLength(): number {
    return this.#socket?.writableLength ?? 0;
  }

  get writableNeedDrain(): boolean {
    return this.#socket?.writableNeedDrain ?? false;
  }

  /** The socket of Node that it is from now on. */
  open(): Socket {
    if (this.#socket !== null) return this.#socket;
    const socket = this.#accepted ?? new Socket({ fd: this.#fd, allowHalfOpen: true });
    this.#socket = socket;
    this.#owner.opened(this, socket);
    socket.resume();
    return socket;
  }

  write(bytes: Bytes, encoding?: 'latin1'): boolean {
    if (this.#socket !== null) return write(this.#socket, bytes, encoding);
    if (this.destroyed) return true;
    const sent = this.#owner.calls.send(this.#fd, bytes);
    if (sent === bytes.length) return true;
    return write(this.open(), typeof bytes === 'string' ? bytes.slice(sent) : bytes.subarray(sent), encoding);
  }

  cork(): void {
    this.#socket?.cork();
  }

  uncork(): void {
    this.#socket?.uncork();
  }

  isPaused(): boolean {
    return this.#socket?.isPaused() ?? false;
  }

  pause(): void {
    if (!this.destroyed) this.open().pause();
  }

  resume(): void {
    this.#socket?.resume();
  }

  end(): void {
    if (!this.destroyed) this.open().end();
  }

  /** All that was written is in the kernel. */
  destroySoon(): void {
    if (this.#socket !== null) this.#socket.destroySoon();
    else this.destroy();
  }

  destroy(): void {
    if (this.#socket !== null) return void this.#socket.destroy();
    if (this.destroyed) return;
    if (this.#accepted !== null) this.#accepted.destroy();
    else this.#owner.calls.close(this.#fd);
    this.#fd = CLOSED;
    this.#owner.closed(this);
  }
}

function write(socket: Socket, bytes: Bytes, encoding: 'latin1' | undefined): boolean {
  return typeof bytes === 'string' ? socket.write(bytes, encoding) : socket.write(bytes);
}
