/**
 * The private Unix socket that workers dial. A connection says who it is in its first frame, proves it with the
 * worker's token, and becomes that worker's control connection or one of its channels.
 */
import { timingSafeEqual } from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import { FrameDecoder } from '../protocols/worker/frame-decoder.ts';
import { Kind } from '../protocols/worker/frames.ts';
import type { Log } from '../telemetry/log.ts';
import type { Worker } from './worker.ts';

const HELLO_MAX = 4096;
/** Time a connection has to say who it is. */
const HELLO_WAIT_MS = 5_000;
/** Connections that have not proved who they are: far more than all threads that dial at once. */
const STRANGERS_MAX = 4096;
/** A worker may dial a new gateway before the supervisor has told the gateway about it. */
const UNKNOWN_WAIT_MS = 5_000;

interface Hello {
  readonly worker: number;
  readonly token: string;
  readonly channel: number | null;
  readonly pid: number;
}

interface Waiting {
  readonly hello: Hello;
  readonly socket: net.Socket;
}

export class WorkerListener {
  readonly #find: (worker: number) => Worker | undefined;
  readonly #log: Log;
  readonly #server = net.createServer((socket) => this.#accept(socket));
  readonly #waiting = new Set<Waiting>();
  readonly #strangers = new Set<net.Socket>();

  /** `find`: the worker of that number, once it is known. */
  constructor(find: (worker: number) => Worker | undefined, log: Log) {
    this.#find = find;
    this.#log = log;
  }

  listen(path: string, mode = 0o600): Promise<void> {
    // Of a gateway before us, which is gone.
    fs.rmSync(path, { force: true });
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      // Made with its mode, not given it later: a worker may dial in the moment between.
      const umask = process.umask(0o777 & ~mode);
      this.#server.listen({ path, backlog: 1024 }, resolve);
      process.umask(umask);
    });
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#strangers) socket.destroy();
  }

  /** A worker is known now: connections that came too early are taken up. */
  workerAdded(worker: number): void {
    for (const waiting of this.#waiting) {
      if (waiting.hello.worker !== worker) continue;
      this.#waiting.delete(waiting);
      this.#assign(waiting);
    }
  }

  #accept(socket: net.Socket): void {
    socket.on('error', () => {});
    if (this.#strangers.size >= STRANGERS_MAX) return void socket.destroy();
    this.#strangers.add(socket);
    socket.once('close', () => this.#strangers.delete(socket));
    socket.setTimeout(HELLO_WAIT_MS, () => socket.destroy());
    const decoder = new FrameDecoder(HELLO_MAX);
    const onData = (chunk: Buffer) => {
      decoder.push(chunk);
      if (!decoder.next()) {
        if (decoder.violation !== null) socket.destroy();
        return;
      }
      socket.off('data', onData);
      socket.setTimeout(0).removeAllListeners('timeout');
      const hello =
        decoder.kind === Kind.hello ? parseHello(decoder.buffer.utf8Slice(decoder.start, decoder.end)) : null;
      if (hello === null) return this.#reject(socket, 'its first message is not a hello');
      // What came right behind the hello belongs to the new owner of the socket.
      const rest = decoder.buffer.subarray(decoder.end);
      if (rest.length > 0) socket.unshift(rest);
      this.#introduce({ hello, socket });
    };
    socket.on('data', onData);
  }

  #introduce(waiting: Waiting): void {
    if (this.#find(waiting.hello.worker) !== undefined) return this.#assign(waiting);
    this.#waiting.add(waiting);
    waiting.socket.pause();
    setTimeout(() => {
      if (this.#waiting.delete(waiting)) waiting.socket.destroy();
    }, UNKNOWN_WAIT_MS).unref();
  }

  #assign({ hello, socket }: Waiting): void {
    const worker = this.#find(hello.worker)!;
    if (!sameToken(hello.token, worker.identity.token)) return this.#reject(socket, 'its token is wrong');
    this.#strangers.delete(socket);
    worker.pid = hello.pid;
    const taken =
      hello.channel === null ? worker.setControl(socket) : worker.addChannel(hello.channel, socket);
    if (!taken) socket.destroy();
    else socket.resume();
  }

  #reject(socket: net.Socket, why: string): void {
    this.#log.warn('worker-rejected', `a connection to the workers' socket was refused: ${why}`);
    socket.destroy();
  }
}

function sameToken(given: string, expected: string): boolean {
  const a = Buffer.from(given);
  const b = Buffer.from(expected);
  return a.length === b.length && timingSafeEqual(a, b);
}

function parseHello(text: string): Hello | null {
  try {
    const { worker, token, channel, pid } = JSON.parse(text) as Record<string, unknown>;
    if (typeof worker !== 'number' || typeof token !== 'string' || typeof pid !== 'number') return null;
    return { worker, token, pid, channel: typeof channel === 'number' ? channel : null };
  } catch {
    return null;
  }
}
