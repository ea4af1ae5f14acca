/**
 * Connections of a front that has one for each request (SCGI, uwsgi, FastCGI without FCGI_KEEP_CONN), by a Unix socket:
 * served without the events of Node's sockets while nothing has to be waited for.
 */
import type { Socket } from 'node:net';
import type { SocketCalls } from '../../base/socket-calls.ts';
import type { ListenerContext } from '../listener-context.ts';
import { type Peer, peerAt } from '../peer.ts';
import { GatewayConnection } from './connection.ts';
import { PromptSocket, type PromptSocketOwner } from './prompt-socket.ts';

/** After this a request is not a quick one, and its front may leave: its connection is watched. */
const WATCH_MS = 50;

/** What a listener does for them. */
export interface PromptOwner {
  /** No more connections may be served. */
  isFull(): boolean;
  accepted(connection: GatewayConnection): void;
  /** Its events are handed on from now on. */
  opened(connection: GatewayConnection, socket: Socket): void;
  closed(connection: GatewayConnection): void;
}

export class PromptConnections implements PromptSocketOwner {
  readonly calls: SocketCalls;
  readonly #context: ListenerContext;
  readonly #owner: PromptOwner;
  /** All come by the same path. */
  readonly #peer: Peer;
  /** In the order of their arrival. */
  readonly #waiting = new Map<PromptSocket, GatewayConnection>();
  #timer: NodeJS.Timeout | null = null;

  constructor(calls: SocketCalls, path: string, context: ListenerContext, owner: PromptOwner) {
    this.calls = calls;
    this.#context = context;
    this.#peer = peerAt(path);
    this.#owner = owner;
  }

  /** `accepted`: the socket that Node has made of it, paused. False: to be served in the usual way. */
  serve(fd: number, accepted: Socket | null): boolean {
    if (this.#owner.isFull()) return false;
    const bytes = this.calls.receive(fd);
    if (bytes === null) return false;
    const now = performance.now();
    const prompt = new PromptSocket(this, fd, accepted, now);
    const connection = new GatewayConnection(prompt, this.#peer, this.#context, now);
    this.#waiting.set(prompt, connection);
    this.#owner.accepted(connection);
    connection.onData(bytes);
    if (!prompt.destroyed && !connection.isHeard) prompt.open();
    this.#timer ??= setTimeout(this.#watch, WATCH_MS);
    return true;
  }

  // PromptSocketOwner

  opened(prompt: PromptSocket, socket: Socket): void {
    const connection = this.#waiting.get(prompt)!;
    this.#waiting.delete(prompt);
    this.#owner.opened(connection, socket);
  }

  closed(prompt: PromptSocket): void {
    const connection = this.#waiting.get(prompt)!;
    this.#waiting.delete(prompt);
    this.#owner.closed(connection);
  }

  readonly #watch = (): void => {
    this.#timer = null;
    const latest = performance.now() - WATCH_MS;
    for (const prompt of this.#waiting.keys()) {
      if (prompt.since > latest) break;
      prompt.open();
    }
    if (this.#waiting.size > 0) this.#timer = setTimeout(this.#watch, WATCH_MS);
  };
}
