/**
 * When a process of a command takes requests. That its socket can be connected to says nothing: one that it has inherited
 * listens from the beginning. So a connection is made and its sending half closed at once: whoever accepts it finds that
 * nothing comes, and closes it. Servers do that when they have loaded their application, whatever protocol they speak;
 * for those that do not there is the ready-path, which has to be answered.
 */
import net from 'node:net';
import type { HealthCheckSettings } from '../config/sections/health-check.ts';
import type { ResponseLimits } from '../protocols/http1/response-reading.ts';
import { probe } from '../upstreams/health-probe.ts';
import type { UpstreamServer } from '../upstreams/server.ts';

const FIRST_WAIT_MS = 10;
const LONGEST_WAIT_MS = 250;
/** For the answer at the ready-path. */
const ANSWER_TIMEOUT_MS = 5_000;
const HTTP_LIMITS: ResponseLimits = { headMax: 65_536, fieldsMax: 200 };

export class Readiness {
  readonly #server: UpstreamServer;
  readonly #path: string | null;
  readonly #ready: () => void;
  #socket: net.Socket | null = null;
  #timer: NodeJS.Timeout | null = null;
  #waitMs = FIRST_WAIT_MS;
  #isOver = false;

  /** `path`: what has to be answered with 200 to 399; null: it is enough that connections are accepted. */
  constructor(server: UpstreamServer, path: string | null, ready: () => void) {
    this.#server = server;
    this.#path = path;
    this.#ready = ready;
    this.#try();
  }

  stop(): void {
    this.#isOver = true;
    this.#socket?.destroy();
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #try(): void {
    if (this.#path === null) this.#connect();
    else void this.#ask(this.#path);
  }

  #connect(): void {
    const { path, host, port } = this.#server.endpoint;
    const socket = net.connect({ ...(path === null ? { host, port } : { path }), allowHalfOpen: true });
    this.#socket = socket;
    let isAccepted = false;
    socket.on('connect', () => socket.end());
    // What it says to an empty request does not count.
    socket.on('data', () => {});
    socket.on('end', () => {
      isAccepted = true;
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      if (this.#isOver) return;
      if (isAccepted) this.#succeed();
      else this.#again();
    });
  }

  async #ask(path: string): Promise<void> {
    const wrong = await probe(this.#server, answerAt(path), HTTP_LIMITS);
    if (this.#isOver) return;
    if (wrong === null) this.#succeed();
    else this.#again();
  }

  #succeed(): void {
    this.#isOver = true;
    this.#ready();
  }

  #again(): void {
    this.#timer = setTimeout(() => this.#try(), this.#waitMs);
    this.#waitMs = Math.min(2 * this.#waitMs, LONGEST_WAIT_MS);
  }
}

function answerAt(path: string): HealthCheckSettings {
  return {
    path,
    host: null,
    params: [],
    intervalMs: 0,
    timeoutMs: ANSWER_TIMEOUT_MS,
    passes: 1,
    fails: 1,
    statuses: { from: 200, to: 399 },
    body: null,
  };
}
