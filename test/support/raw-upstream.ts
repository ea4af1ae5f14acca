/** A server behind a proxy that hides nothing: a test reads what came on each connection, and answers with bytes. */
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';

/** Longest wait for something that should come: only a failing test ever waits so long. */
const PATIENCE_MS = 20_000;

interface Cleanup {
  after(then: () => void): void;
}

export class RawUpstream {
  readonly #server: Server;
  readonly #waiting: ((peer: UpstreamPeer) => void)[] = [];
  readonly #accepted: UpstreamPeer[] = [];
  readonly #sockets = new Set<Socket>();
  #serve: ((peer: UpstreamPeer) => Promise<void>) | null = null;
  /** Connections since the start. */
  connections = 0;

  /** `where`: the path of a Unix socket; a free port without it. */
  static async open(t: Cleanup, where: string | number = 0): Promise<RawUpstream> {
    const upstream = new RawUpstream();
    upstream.#server.listen(typeof where === 'string' ? { path: where } : { port: where, host: '127.0.0.1' });
    await once(upstream.#server, 'listening');
    t.after(() => upstream.close());
    return upstream;
  }

  private constructor() {
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      this.connections++;
      this.#sockets.add(socket);
      const peer = new UpstreamPeer(socket);
      // It ends with the connection.
      if (this.#serve !== null) return void this.#serve(peer).catch(() => {});
      const waiting = this.#waiting.shift();
      if (waiting === undefined) this.#accepted.push(peer);
      else waiting(peer);
    });
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  /** The next connection that is opened. */
  async accept(): Promise<UpstreamPeer> {
    const accepted = this.#accepted.shift();
    if (accepted !== undefined) return accepted;
    return patiently('a connection', new Promise((resolve) => this.#waiting.push(resolve)));
  }

  /** Answers every request alike, on connections that are kept, until the test is over. */
  answerAll(body: string, head = 'HTTP/1.1 200 OK'): void {
    this.#serve = async (peer) => {
      for (;;) {
        await peer.readHead();
        await peer.send(`${head}\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
      }
    };
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}

export class UpstreamPeer {
  readonly socket: Socket;
  #received = '';
  #ended = false;
  #wake: (() => void) | null = null;

  constructor(socket: Socket) {
    this.socket = socket;
    const end = () => {
      this.#ended = true;
      this.#wake?.();
    };
    socket.setEncoding('latin1').on('data', (text: string) => {
      this.#received += text;
      this.#wake?.();
    });
    socket.on('end', end).on('close', end).on('error', end);
  }

  /** The head of a request, with the empty line that ends it. */
  async readHead(): Promise<string> {
    await this.#until('a head', () => this.#received.includes('\r\n\r\n'));
    return this.#take(this.#received.indexOf('\r\n\r\n') + 4);
  }

  /** As many bytes, as latin-1. */
  async read(count: number): Promise<string> {
    await this.#until(`${count} bytes`, () => this.#received.length >= count);
    return this.#take(count);
  }

  /** Up to and with a text. */
  async readThrough(text: string): Promise<string> {
    await this.#until(JSON.stringify(text), () => this.#received.includes(text));
    return this.#take(this.#received.indexOf(text) + text.length);
  }

  /** What comes until the connection ends. */
  async readToEnd(): Promise<string> {
    await this.waitForEnd();
    return this.#take(this.#received.length);
  }

  async waitForEnd(): Promise<void> {
    while (!this.#ended) await this.#more('the end of the connection');
  }

  /** Latin-1. Resolves when the kernel has it. */
  send(text: string): Promise<void> {
    return new Promise((resolve) => this.socket.write(text, 'latin1', () => resolve()));
  }

  /** A whole answer. */
  answer(body: string, fields: readonly string[] = []): Promise<void> {
    const lines = ['HTTP/1.1 200 OK', `Content-Length: ${body.length}`, ...fields];
    return this.send(`${lines.join('\r\n')}\r\n\r\n${body}`);
  }

  close(): void {
    this.socket.destroy();
  }

  #take(count: number): string {
    const taken = this.#received.slice(0, count);
    this.#received = this.#received.slice(count);
    return taken;
  }

  async #until(what: string, isThere: () => boolean): Promise<void> {
    while (!isThere()) {
      if (this.#ended) throw new Error(`the connection ended after ${JSON.stringify(this.#received)}`);
      await this.#more(what);
    }
  }

  #more(what: string): Promise<void> {
    const woken = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    return patiently(what, woken);
  }
}

async function patiently<T>(what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not come for ${PATIENCE_MS} ms`)), PATIENCE_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
