/**
 * What Node's own parser (llhttp, strict) makes of a connection's bytes, through the public API alone: a `node:http`
 * server that never listens is handed connections made of memory.
 */
import http from 'node:http';
import { Duplex } from 'node:stream';

export interface LlhttpRequest {
  readonly method: string;
  readonly target: string;
  readonly version: string;
  /** Names in lower case. */
  readonly fields: string[][];
  body: string;
  trailers: string[][];
  complete: boolean;
}

export interface LlhttpReading {
  readonly requests: LlhttpRequest[];
  /** The code of its error; `tunnel`: after CONNECT or Upgrade, when nothing more is parsed. */
  end: 'idle' | 'tunnel' | string;
}

class MemoryConnection extends Duplex {
  readonly reading: LlhttpReading = { requests: [], end: 'idle' };
  override _read(): void {}
  override _write(_chunk: unknown, _encoding: string, done: () => void): void {
    done();
  }
}

function pairs(raw: string[]): string[][] {
  return Array.from({ length: raw.length / 2 }, (_, i) => [raw[2 * i]!.toLowerCase(), raw[2 * i + 1]!]);
}

function record(request: http.IncomingMessage): LlhttpRequest {
  const recorded: LlhttpRequest = {
    ...{ method: request.method!, target: request.url!, version: `HTTP/${request.httpVersion}` },
    fields: pairs(request.rawHeaders),
    ...{ body: '', trailers: [], complete: false },
  };
  (request.socket as unknown as MemoryConnection).reading.requests.push(recorded);
  return recorded;
}

/** Behind such a request llhttp stops, and node:http, which knows no protocol to change to, drops what follows. */
function isUpgrade({ fields }: LlhttpRequest): boolean {
  const has = (name: string, value: RegExp) =>
    fields.some((field) => field[0] === name && value.test(field[1]!));
  return has('upgrade', /^/) && has('connection', /(?:^|[\t ,])upgrade[\t ]*(?:,|$)/i);
}

export class Llhttp {
  readonly #server: http.Server;

  constructor() {
    // The duty to have Host is node:http's, not llhttp's, and it answers in llhttp's stead.
    this.#server = http.createServer({ requireHostHeader: false, maxHeaderSize: 1 << 20 });
    this.#server.maxHeadersCount = 0;
    for (const event of ['request', 'checkContinue', 'checkExpectation'])
      this.#server.on(event, (request: http.IncomingMessage, response: http.ServerResponse) => {
        const recorded = record(request);
        if (isUpgrade(recorded)) (request.socket as unknown as MemoryConnection).reading.end = 'tunnel';
        request.on('data', (chunk: Buffer) => {
          recorded.body += chunk.latin1Slice();
        });
        request.on('end', () => {
          recorded.complete = true;
          recorded.trailers = pairs(request.rawTrailers);
          response.end();
        });
        request.on('error', () => {});
      });
    this.#server.on('connect', (request: http.IncomingMessage, connection: MemoryConnection) => {
      record(request).complete = true;
      connection.reading.end = 'tunnel';
    });
    this.#server.on('clientError', (error: NodeJS.ErrnoException, connection: MemoryConnection) => {
      connection.reading.end = error.code ?? error.message;
    });
  }

  async read(bytes: Buffer): Promise<LlhttpReading> {
    const connection = new MemoryConnection();
    this.#server.emit('connection', connection);
    connection.push(bytes);
    await settled();
    connection.destroy();
    await settled();
    return connection.reading;
  }
}

/** Memory streams pass everything on in microtasks and next ticks, which are over when the event loop turns. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 2; turn++) await new Promise<void>((done) => setImmediate(done));
}
