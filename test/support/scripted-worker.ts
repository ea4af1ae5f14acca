/**
 * A worker that does what a test says: it dials the gateway's socket as the Python worker does, keeps what it is
 * sent until the test asks for it, and answers when it is told to.
 */
import { writeFileSync } from 'node:fs';
import net from 'node:net';
import { Application } from '../../src/apps/application.ts';
import type { Channel } from '../../src/apps/channel.ts';
import type { Worker } from '../../src/apps/worker.ts';
import { WorkerListener } from '../../src/apps/worker-listener.ts';
import type { SpoolLimits } from '../../src/base/spool.ts';
import type { ApplicationSettings } from '../../src/config/configuration.ts';
import type { WorkerIdentity } from '../../src/control/messages.ts';
import { FrameDecoder } from '../../src/protocols/worker/frame-decoder.ts';
import { controlFrame, frame, Kind, u16, u32 } from '../../src/protocols/worker/frames.ts';
import { makeFolder } from './folder.ts';

export interface SentFrame {
  readonly kind: number;
  readonly id: number;
  readonly payload: string;
}

/** One connection to the gateway. */
export class ScriptedConnection {
  readonly socket: net.Socket;
  readonly closed: Promise<void>;
  readonly #decoder = new FrameDecoder(100_000_000);
  readonly #frames: SentFrame[] = [];
  #waiting: ((frame: SentFrame) => void) | null = null;

  constructor(path: string, hello: object) {
    this.socket = net.connect(path);
    this.socket.on('error', () => {});
    this.socket.on('data', (chunk: Buffer) => this.#onData(chunk));
    this.closed = new Promise((resolve) => this.socket.on('close', () => resolve()));
    this.send(controlFrame(Kind.hello, hello));
  }

  send(bytes: string): void {
    this.socket.write(bytes, 'latin1');
  }

  /** The next frame but definitions of shapes. */
  next(): Promise<SentFrame> {
    const frame = this.#frames.shift();
    return frame !== undefined ? Promise.resolve(frame) : new Promise((resolve) => (this.#waiting = resolve));
  }

  /** Something has come, and is kept. */
  async something(): Promise<true> {
    this.#frames.unshift(await this.next());
    return true;
  }

  /** The next control message of a kind; others are passed over. */
  async message(kind: number): Promise<Record<string, unknown>> {
    for (;;) {
      const { kind: found, payload } = await this.next();
      if (found === kind) return JSON.parse(payload);
    }
  }

  /** Waits for a request and gives its id and path. */
  async request(): Promise<{ id: number; path: string; body: string }> {
    const { kind, id, payload } = await this.next();
    if (kind !== Kind.request) throw new Error(`a frame of kind ${kind} in the place of a request`);
    const textEnd = 7 + Buffer.from(payload.slice(3, 7), 'latin1').readUInt32LE();
    return { id, path: payload.slice(7, textEnd).split('\0')[2]!, body: payload.slice(textEnd) };
  }

  respond(id: number, body: string, fields: readonly string[] = []): void {
    this.send(response(Kind.response, id, ['200 OK', ...fields], body));
  }

  #onData(chunk: Buffer): void {
    const decoder = this.#decoder;
    decoder.push(chunk);
    while (decoder.next()) {
      const { kind, id, buffer, start, end } = decoder;
      if (kind === Kind.shape) continue;
      this.#frames.push({ kind, id, payload: buffer.latin1Slice(start, end) });
    }
    while (this.#waiting !== null && this.#frames.length > 0) {
      const resolve = this.#waiting;
      this.#waiting = null;
      resolve(this.#frames.shift()!);
    }
  }
}

export function response(kind: number, id: number, pieces: readonly string[], body = ''): string {
  const text = pieces.join('\0');
  return frame(kind, id, u16(pieces.length) + u32(text.length) + text + body);
}

export class ScriptedWorker {
  readonly identity: WorkerIdentity;
  control: ScriptedConnection;
  readonly channels: ScriptedConnection[];
  readonly #path: string;

  constructor(path: string, identity: WorkerIdentity) {
    this.identity = identity;
    this.#path = path;
    const { worker, token, threads } = identity;
    this.control = new ScriptedConnection(path, { worker, token, pid: 1000 + worker, control: true });
    this.channels = Array.from(
      { length: threads },
      (_, channel) => new ScriptedConnection(path, { worker, token, pid: 1000 + worker, channel }),
    );
    this.control.send(controlFrame(Kind.ready, { threads }));
  }

  say(kind: number, message: object): void {
    this.control.send(controlFrame(kind, message));
  }

  /** As a thread does whose connection has ended. */
  dialAgain(channel: number): void {
    const { worker, token } = this.identity;
    this.channels[channel] = new ScriptedConnection(this.#path, {
      worker,
      token,
      pid: 1000 + worker,
      channel,
    });
  }

  /** As the main thread does: until it is taken, which it is not before the gateway has seen the end of the one before. */
  async dialControlAgain(): Promise<void> {
    const { worker, token } = this.identity;
    for (let isTaken = false; !isTaken; ) {
      this.control = new ScriptedConnection(this.#path, { worker, token, pid: 1000 + worker, control: true });
      isTaken = await Promise.race([this.control.something(), this.control.closed.then(() => false)]);
    }
  }

  /** Writes the ledger: the id that each thread started last. */
  started(...ids: readonly number[]): void {
    const bytes = Buffer.alloc(4 * ids.length);
    for (const [i, id] of ids.entries()) bytes.writeUInt32LE(id, 4 * i);
    writeFileSync(this.identity.ledgerPath, bytes);
  }

  /** As kill -9 does. */
  die(): void {
    for (const connection of [this.control, ...this.channels]) connection.socket.destroy();
  }
}

export interface SiteOptions {
  readonly threads?: number;
  /** 1 when it is not given, so that tests can name requests; null: what the application chooses. */
  readonly firstId?: number | null;
  readonly settings?: Partial<ApplicationSettings>;
  readonly spool?: Partial<SpoolLimits>;
}

/** An application with its workers' socket. Keeps what it logs and what it tells the supervisor. */
export class ScriptedSite {
  readonly folder: string;
  readonly application: Application;
  readonly log: string[] = [];
  readonly events: string[] = [];
  readonly #listener: WorkerListener;
  readonly #threads: number;
  #waiting: (() => void)[] = [];

  constructor(t: { after(then: () => void): void }, options: SiteOptions) {
    this.folder = makeFolder(t);
    this.#threads = options.threads ?? 1;
    const limits = {
      queueTimeoutMs: 45_000,
      requestTimeoutMs: 60_000,
      requestTimeoutsAt: [],
      interruptTimeoutMs: 10_000,
      deadlockTimeoutMs: 60_000,
    };
    const development = { tracebackPages: false };
    const settings = {
      name: 'app',
      mountPoint: '/',
      queueSize: 100,
      development,
      ...limits,
      ...options.settings,
    };
    const spool = { memoryMax: 65_536, fileMax: 0, directory: this.folder, ...options.spool };
    const note = (what: string) => (worker: Worker, why?: string, _more?: unknown) =>
      this.#note(this.events, `${what} ${worker.identity.worker}${why === undefined ? '' : `: ${why}`}`);
    const events = {
      ready: note('ready'),
      failed: note('failed'),
      stopping: note('stopping'),
      evicted: note('evicted'),
      drained: note('drained'),
      stuck: note('stuck'),
      deadlocked: note('deadlocked'),
      broken: note('broken'),
      deserted: () => this.#note(this.events, 'deserted'),
    };
    const write = (code: string, message: string) => this.#note(this.log, `${code}: ${message}`);
    const log = { debug: write, info: write, warn: write, error: write };
    this.application = new Application(settings as ApplicationSettings, spool, events, log);
    if (options.firstId !== null) this.application.firstId = options.firstId ?? 1;
    this.#listener = new WorkerListener((number) => this.application.workers.get(number), log);
    t.after(() => {
      for (const worker of this.application.workers.values()) worker.close();
      this.#listener.close();
    });
  }

  static async start(t: { after(then: () => void): void }, options: SiteOptions = {}): Promise<ScriptedSite> {
    const site = new ScriptedSite(t, options);
    await site.#listener.listen(site.socketPath);
    return site;
  }

  get socketPath(): string {
    return `${this.folder}/workers.sock`;
  }

  identity(worker: number): WorkerIdentity {
    const token = String(worker).padStart(32, '0');
    const ledgerPath = `${this.folder}/worker-${worker}.started`;
    return { worker, token, threads: this.#threads, generation: 0, ledgerPath };
  }

  /** A worker that is ready, connected and gets requests. */
  async addWorker(number: number): Promise<ScriptedWorker> {
    const identity = this.identity(number);
    this.application.expect(identity);
    this.#listener.workerAdded(number);
    const worker = new ScriptedWorker(this.socketPath, identity);
    await this.event(`ready ${number}`);
    const known = this.application.workers.get(number)!;
    // The channels say hello one by one; each is usable as soon as it has.
    while (known.channels.length < this.#threads) await new Promise((resolve) => setImmediate(resolve));
    this.application.switch([number], []);
    return worker;
  }

  worker(number: number): Worker {
    return this.application.workers.get(number)!;
  }

  channel(worker: number, index = 0): Channel {
    return this.worker(worker).channels[index]!;
  }

  event(text: string): Promise<void> {
    return this.#until(() => this.events.includes(text));
  }

  logged(code: string): Promise<void> {
    return this.#until(() => this.log.some((line) => line.startsWith(`${code}:`)));
  }

  async #until(isTrue: () => boolean): Promise<void> {
    while (!isTrue()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #note(list: string[], text: string): void {
    list.push(text);
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
