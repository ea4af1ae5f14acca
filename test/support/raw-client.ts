/**
 * An HTTP/1.1 client that hides nothing: a test writes bytes, and reads lines, heads, chunks or whole responses as
 * they came. What the server does to the framing or to the connection is visible here, as it is not with `fetch`.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** Longest wait for something that should come: only a failing test ever waits so long. */
const PATIENCE_MS = 20_000;

export interface Head {
  readonly version: string;
  readonly status: number;
  readonly reason: string;
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** The values of a field joined with `, `; undefined when there is none. */
  get(name: string): string | undefined;
}

export interface Response extends Head {
  readonly body: Buffer;
  readonly text: string;
  /** Trailer fields of a chunked body. */
  readonly trailers: readonly string[];
  /** False: the connection ended before the framing said so. */
  readonly complete: boolean;
}

/** A port of the loopback address or of another one, or the path of a Unix socket. */
export type Destination = number | string | { readonly host?: string; readonly port: number };

export class ConnectionEnded extends Error {}

export class RawClient {
  readonly socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #ended = false;
  #wake: (() => void) | null = null;
  readonly #patienceMs: number;

  static async open(to: Destination, patienceMs = PATIENCE_MS): Promise<RawClient> {
    const socket = connectTo(to);
    socket.setNoDelay(true);
    await once(socket, 'connect');
    return new RawClient(socket, patienceMs);
  }

  constructor(socket: Socket, patienceMs = PATIENCE_MS) {
    this.socket = socket;
    this.#patienceMs = patienceMs;
    const end = (): void => {
      this.#ended = true;
      this.#wake?.();
    };
    socket.on('data', (bytes: Buffer) => {
      this.#received = this.#received.length === 0 ? bytes : Buffer.concat([this.#received, bytes]);
      this.#wake?.();
    });
    // A reset is one of the ways in which a connection ends.
    socket.on('end', end).on('close', end).on('error', end);
  }

  /** Latin-1 text or bytes. Resolves when the kernel has them. */
  async send(data: string | Uint8Array): Promise<void> {
    const bytes = typeof data === 'string' ? Buffer.from(data, 'latin1') : data;
    await new Promise<void>((resolve) => this.socket.write(bytes, () => resolve()));
  }

  /** A whole request with Host; further fields as `Name: value` lines. */
  async request(line: string, fields: readonly string[] = [], body: string | Uint8Array = ''): Promise<void> {
    const head = [`${line} HTTP/1.1`, 'Host: localhost', ...fields, '', ''].join('\r\n');
    await this.send(Buffer.concat([Buffer.from(head, 'latin1'), asBytes(body)]));
  }

  /** Sends a GET and reads the response. */
  async get(target: string, fields: readonly string[] = []): Promise<Response> {
    await this.request(`GET ${target}`, fields);
    return this.readResponse();
  }

  async post(target: string, body: string | Uint8Array, fields: readonly string[] = []): Promise<Response> {
    await this.request(`POST ${target}`, [`Content-Length: ${asBytes(body).length}`, ...fields], body);
    return this.readResponse();
  }

  async readHead(): Promise<Head> {
    const [, version, status, reason] = /^(HTTP\/\S+) (\d{3}) (.*)$/.exec(await this.#readLine()) ?? [];
    if (version === undefined) throw new Error('what came is not a status line');
    const fields: (readonly [string, string])[] = [];
    for (let line = await this.#readLine(); line !== ''; line = await this.#readLine()) {
      const colon = line.indexOf(':');
      fields.push([line.slice(0, colon), line.slice(colon + 1).trim()]);
    }
    const get = (name: string): string | undefined => {
      const values = fields.filter(([n]) => n.toLowerCase() === name).map(([, value]) => value);
      return values.length === 0 ? undefined : values.join(', ');
    };
    return { version, status: Number(status), reason: reason!, fields, get };
  }

  /** One chunk of a chunked body; null at the last one. */
  async readChunk(): Promise<Buffer | null> {
    const size = Number.parseInt(await this.#readLine(), 16);
    if (size === 0) return null;
    const chunk = await this.#readBytes(size);
    await this.#readBytes(2);
    return chunk;
  }

  /** What has come of a body that is framed by chunks, or by the end of the connection; null at its end. */
  async readSome(head: Head): Promise<Buffer | null> {
    if (head.get('transfer-encoding') === 'chunked') return this.readChunk();
    while (this.#received.length === 0 && !this.#ended) await this.#more();
    return this.#received.length === 0 ? null : this.#take(this.#received.length);
  }

  /** A response to anything but HEAD, which has `hasBody: false`. */
  async readResponse({ hasBody = true } = {}): Promise<Response> {
    const head = await this.readHead();
    const parts: Buffer[] = [];
    const trailers: string[] = [];
    let complete = true;
    try {
      if (hasBody) await this.#readBody(head, parts, trailers);
    } catch (error) {
      if (!(error instanceof ConnectionEnded)) throw error;
      complete = false;
    }
    const body = Buffer.concat(parts);
    return { ...head, body, text: body.toString('latin1'), trailers, complete };
  }

  /** Everything up to these bytes, and with them. */
  async readThrough(latin1: string): Promise<string> {
    const wanted = Buffer.from(latin1, 'latin1');
    for (;;) {
      const at = this.#received.indexOf(wanted);
      if (at >= 0) return this.#take(at + wanted.length).latin1Slice();
      await this.#moreOrEnd();
    }
  }

  /** Everything up to the end of the connection. */
  async readToEnd(): Promise<Buffer> {
    while (!this.#ended) await this.#more();
    return this.#take(this.#received.length);
  }

  /** Resolves when the server has ended the connection; bytes that came before are kept. */
  async waitForEnd(): Promise<void> {
    while (!this.#ended) await this.#more();
  }

  /** The server has ended the connection. */
  get hasEnded(): boolean {
    return this.#ended;
  }

  close(): void {
    this.socket.destroy();
  }

  async #readBody(head: Head, parts: Buffer[], trailers: string[]): Promise<void> {
    if (head.status < 200 || head.status === 204 || head.status === 304) return;
    if (head.get('transfer-encoding') === 'chunked') {
      for (let chunk = await this.readChunk(); chunk !== null; chunk = await this.readChunk())
        parts.push(chunk);
      for (let line = await this.#readLine(); line !== ''; line = await this.#readLine()) trailers.push(line);
      return;
    }
    const length = head.get('content-length');
    if (length === undefined) {
      parts.push(await this.readToEnd());
      return;
    }
    for (let left = Number(length); left > 0; ) {
      if (this.#received.length === 0) await this.#moreOrEnd();
      const part = this.#take(Math.min(left, this.#received.length));
      left -= part.length;
      parts.push(part);
    }
  }

  async #readLine(): Promise<string> {
    for (let from = 0; ; ) {
      const end = this.#received.indexOf('\r\n', from);
      if (end >= 0) {
        const line = this.#take(end).toString('latin1');
        this.#take(2);
        return line;
      }
      from = Math.max(0, this.#received.length - 1);
      await this.#moreOrEnd();
    }
  }

  async #readBytes(count: number): Promise<Buffer> {
    while (this.#received.length < count) await this.#moreOrEnd();
    return this.#take(count);
  }

  #take(count: number): Buffer {
    const taken = this.#received.subarray(0, count);
    this.#received = this.#received.subarray(count);
    return taken;
  }

  async #moreOrEnd(): Promise<void> {
    if (this.#ended)
      throw new ConnectionEnded(`the connection ended after "${this.#received.toString('latin1')}"`);
    await this.#more();
  }

  #more(): Promise<void> {
    return new Promise((resolve, reject) => {
      const patienceMs = this.#patienceMs;
      const timer = setTimeout(() => reject(new Error(`nothing came for ${patienceMs} ms`)), patienceMs);
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = null;
        resolve();
      };
    });
  }
}

function connectTo(to: Destination): Socket {
  if (typeof to === 'string') return connect(to);
  return connect({ host: '127.0.0.1', ...(typeof to === 'number' ? { port: to } : to) });
}

function asBytes(body: string | Uint8Array): Uint8Array {
  return typeof body === 'string' ? Buffer.from(body, 'latin1') : body;
}

/** Asks again until the answer is `accepted`: what the log says already may reach the gateway a moment later. */
export async function getUntil(
  to: number | string,
  target: string,
  accepted: (response: Response) => boolean,
): Promise<Response> {
  for (let tries = 1; ; tries++) {
    const response = await getOnce(to, target);
    if (accepted(response)) return response;
    if (tries === 2_000) throw new Error(`still ${response.status} ${response.text.slice(0, 100)}`);
  }
}

/** One request on a connection of its own. */
export async function getOnce(
  to: number | string,
  target: string,
  fields: readonly string[] = [],
): Promise<Response> {
  const client = await RawClient.open(to);
  try {
    return await client.get(target, ['Connection: close', ...fields]);
  } finally {
    client.close();
  }
}
