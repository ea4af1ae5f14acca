/**
 * The server's end of the control socket (control/protocol.ts). It reads one request from each connection and leaves
 * the rest to `handle`. Without it the server runs as well: signals do the same.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { parseRequest } from '../../control/parse-request.ts';
import type { ControlAnswer, ControlRequest, LastAnswer, ServerEvent } from '../../control/protocol.ts';
import type { Log } from '../../telemetry/log.ts';
import { reasonOf } from '../startup-error.ts';

/** Answers a request; what it says to the client before that is optional. */
export type ControlHandler = (request: ControlRequest, client: ControlClient) => Promise<LastAnswer>;

export interface ControlClient {
  progress(text: string): void;
  event(event: ServerEvent): void;
  /** It has closed its connection, or was cut off because it reads too slowly. */
  readonly gone: AbortSignal;
}

export interface ControlLimits {
  readonly lineBytesMax: number;
  readonly connectionsMax: number;
  /** Time for the request to arrive, and for an answer to be taken. */
  readonly idleTimeoutMs: number;
  /** A client that leaves so much untaken is cut off. One answer may be larger; all remembered events are less. */
  readonly untakenBytesMax: number;
}

const LIMITS: ControlLimits = {
  lineBytesMax: 4096,
  connectionsMax: 32,
  idleTimeoutMs: 10_000,
  untakenBytesMax: 8 * 1_048_576,
};
/** Only the user of this process may connect. */
const OTHERS = 0o177;

export class ControlSocket {
  readonly #server: Server;
  readonly #handle: ControlHandler;
  readonly #limits: ControlLimits;
  /** Connections whose request has not arrived. */
  readonly #asking = new Set<Socket>();

  /** Binds at once, so that it is there before anything is started. */
  constructor(path: string, handle: ControlHandler, log: Log, limits = LIMITS) {
    this.#handle = handle;
    this.#limits = limits;
    // A client may close its side when it has asked.
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket));
    this.#server.maxConnections = limits.connectionsMax;
    this.#server.on('error', (error) =>
      log.warn('control-unavailable', `commands cannot reach this server at ${path}: ${reasonOf(error)}`),
    );
    // Not chmod: others who own the directory could have put something else in its place by then.
    const mask = process.umask(OTHERS);
    try {
      this.#server.listen(path);
    } finally {
      process.umask(mask);
    }
    this.#server.unref();
  }

  /** Accepts no more. Answers that are due are still sent. */
  close(): void {
    this.#server.close();
    for (const socket of this.#asking) socket.destroy();
  }

  #accept(socket: Socket): void {
    let text = '';
    socket.unref();
    this.#asking.add(socket);
    const deadline = setTimeout(() => refuse('no request has come'), this.#limits.idleTimeoutMs).unref();
    const asked = () => {
      clearTimeout(deadline);
      this.#asking.delete(socket);
      socket.removeAllListeners('data').removeAllListeners('end');
      // Whatever else comes is thrown away.
      socket.resume();
    };
    const refuse = (why: string) => {
      asked();
      this.#finish(socket, { done: true, ok: false, why });
    };
    socket.setEncoding('latin1');
    socket.on('error', () => {});
    socket.on('close', asked);
    socket.on('end', () => refuse('the request is not a whole line'));
    socket.on('data', (chunk: string) => {
      text += chunk;
      const end = text.indexOf('\n');
      if (Math.max(end, end < 0 ? text.length : 0) > this.#limits.lineBytesMax) {
        return refuse(`the request is longer than ${this.#limits.lineBytesMax} bytes`);
      }
      if (end < 0) return;
      const request = parseRequest(text.slice(0, end));
      if (request === null) return refuse('the request is not one that this version knows');
      asked();
      void this.#answer(socket, request);
    });
  }

  async #answer(socket: Socket, request: ControlRequest): Promise<void> {
    const gone = new AbortController();
    socket.on('close', () => gone.abort());
    // A follower that says nothing more is done; one that waits for an answer may close its side.
    if (request.command === 'events') socket.on('end', () => gone.abort());
    const client: ControlClient = {
      progress: (text) => this.#send(socket, { done: false, progress: text }),
      event: (event) => this.#send(socket, { done: false, event }),
      gone: gone.signal,
    };
    try {
      this.#finish(socket, await this.#handle(request, client));
    } catch (error) {
      this.#finish(socket, { done: true, ok: false, why: reasonOf(error) });
    }
  }

  #finish(socket: Socket, answer: LastAnswer): void {
    this.#send(socket, answer);
    if (!socket.destroyed) socket.end();
    setTimeout(() => socket.destroy(), this.#limits.idleTimeoutMs).unref();
  }

  #send(socket: Socket, answer: ControlAnswer): void {
    if (!socket.writable) return;
    if (socket.writableLength > this.#limits.untakenBytesMax) socket.destroy();
    else socket.write(`${JSON.stringify(answer)}\n`);
  }
}
