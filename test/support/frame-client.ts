/**
 * An HTTP/2 client that writes frames as a test wants them, right or wrong, and shows the frames that come back
 * (RFC 9113, section 4.1). Header blocks are written without compression, so that nothing hides in them.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

const PATIENCE_MS = 20_000;

export const Frame = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;
export const END_STREAM = 1;
export const END_HEADERS = 4;
export const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
export const ErrorCode = {
  none: 0,
  protocol: 1,
  internal: 2,
  flowControl: 3,
  refused: 7,
  cancel: 8,
  calm: 11,
} as const;

export interface ReceivedFrame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

export function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Uint8Array | string = '',
): Buffer {
  const body = typeof payload === 'string' ? Buffer.from(payload, 'latin1') : payload;
  const header = Buffer.alloc(9);
  header.writeUIntBE(body.length, 0, 3);
  header[3] = type;
  header[4] = flags;
  header.writeUInt32BE(stream, 5);
  return Buffer.concat([header, body]);
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** Literal fields without indexing (RFC 7541, section 6.2.2), without Huffman codes. */
export function headerBlock(fields: readonly (readonly [string, string])[]): Buffer {
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]));
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'latin1');
  const { length } = bytes;
  if (length < 127) return Buffer.concat([Buffer.from([length]), bytes]);
  const prefix = [127];
  let rest = length - 127;
  for (; rest >= 128; rest = Math.floor(rest / 128)) prefix.push((rest % 128) + 128);
  return Buffer.concat([Buffer.from([...prefix, rest]), bytes]);
}

/** A request without further fields. */
export function request(method: string, path: string, fields: [string, string][] = []): Buffer {
  return headerBlock([
    [':method', method],
    [':scheme', 'http'],
    [':path', path],
    [':authority', 'localhost'],
    ...fields,
  ]);
}

export class FrameClient {
  readonly socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #hasEnded = false;
  #wasReset = false;
  #wake: (() => void) | null = null;

  /** Connected, with the preface and our SETTINGS sent. `settings`: identifiers and values. */
  static async open(
    port: number,
    settings: readonly (readonly [number, number])[] = [],
  ): Promise<FrameClient> {
    const socket = connect(port, '127.0.0.1');
    socket.setNoDelay(true);
    await once(socket, 'connect');
    const client = new FrameClient(socket);
    const payload = settings.map(([id, value]) => Buffer.concat([u32(id).subarray(2), u32(value)]));
    client.send(PREFACE, frame(Frame.settings, 0, 0, Buffer.concat(payload)));
    return client;
  }

  constructor(socket: Socket) {
    this.socket = socket;
    const end = (): void => {
      this.#hasEnded = true;
      this.#wake?.();
    };
    socket.on('data', (bytes: Buffer) => {
      this.#received = Buffer.concat([this.#received, bytes]);
      this.#wake?.();
    });
    socket
      .on('end', end)
      .on('close', end)
      .on('error', () => {
        this.#wasReset = true;
        end();
      });
  }

  send(...parts: readonly (Uint8Array | string)[]): void {
    if (this.socket.destroyed) return;
    this.socket.write(Buffer.concat(parts.map((part) => Buffer.from(part as string, 'latin1'))));
  }

  /** HEADERS with END_HEADERS, and with END_STREAM unless a body follows. */
  request(
    stream: number,
    method: string,
    path: string,
    fields: [string, string][] = [],
    hasBody = false,
  ): void {
    const flags = END_HEADERS | (hasBody ? 0 : END_STREAM);
    this.send(frame(Frame.headers, flags, stream, request(method, path, fields)));
  }

  /** The next frame; null at the end of the connection. */
  async read(): Promise<ReceivedFrame | null> {
    for (;;) {
      const length =
        this.#received.length < 9 ? Number.POSITIVE_INFINITY : 9 + this.#received.readUIntBE(0, 3);
      if (this.#received.length >= length) {
        const bytes = this.#received.subarray(0, length);
        this.#received = this.#received.subarray(length);
        const stream = bytes.readUInt32BE(5) & 0x7fffffff;
        return { type: bytes[3]!, flags: bytes[4]!, stream, payload: bytes.subarray(9) };
      }
      if (this.#hasEnded) return null;
      await this.#more();
    }
  }

  /** The next frame of this type, and of this stream when one is named; others are thrown away. */
  async find(type: number, stream: number | null = null): Promise<ReceivedFrame> {
    for (let next = await this.read(); next !== null; next = await this.read()) {
      if (next.type === type && (stream === null || next.stream === stream)) return next;
    }
    throw new Error(`the connection ended without a frame of type ${type}`);
  }

  /** How the connection was ended: the error code of the last GOAWAY; null when there was none. */
  async readGoaway(): Promise<number | null> {
    let code: number | null = null;
    for (let next = await this.read(); next !== null; next = await this.read()) {
      if (next.type === Frame.goaway) code = next.payload.readUInt32BE(4);
    }
    return code;
  }

  /**
   * Waits until the connection is ended as that of a flood. Who still writes to a connection that is closed is answered
   * with a reset by the system, which may overtake the GOAWAY.
   */
  async readFloodEnd(): Promise<void> {
    const code = await this.readGoaway();
    if (code !== null || !this.#wasReset) assert.equal(code, ErrorCode.calm);
  }

  /** The error code of the RST_STREAM of a stream. */
  async readReset(stream: number): Promise<number> {
    return (await this.find(Frame.reset, stream)).payload.readUInt32BE(0);
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  close(): void {
    this.socket.destroy();
  }

  #more(): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`nothing came for ${PATIENCE_MS} ms`)), PATIENCE_MS);
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = null;
        resolve();
      };
    });
  }
}
