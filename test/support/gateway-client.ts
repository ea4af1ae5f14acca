/** A web server in front of ours, as small as it can be: sends one request by a gateway protocol, with our own codecs. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import type { GatewayProtocolName } from '../../src/base/gateway-protocol-names.ts';
import type { Bytes } from '../../src/exchange.ts';
import type {
  GatewayClient,
  OutgoingGatewayRequest,
  ResponseDecoder,
} from '../../src/protocols/gateway-protocol.ts';
import { GATEWAY_PROTOCOLS } from '../../src/protocols/gateway-protocols.ts';
import type { Caller } from './counting-load.ts';
import { anOutgoingRequest } from './outgoing-request.ts';
import { HOST, readWhole, type WireRequest, type WireResponse } from './wires.ts';

const LIMITS = { headMax: 65_536, fieldsMax: 200 };
const AJP = { secret: '', packetBytes: 65_536 };

/** What a front says of a request, beside it. */
export type Told = Partial<OutgoingGatewayRequest>;

/** A connection that requests can be sent on, one after the other where the protocol has that. */
export class GatewayFront {
  readonly socket: Socket;
  readonly #client: GatewayClient;
  readonly #decoder: ResponseDecoder;
  #packets: Bytes[] = [];
  #body = new PassThrough();
  #isComplete = false;
  /** Resolves with the head of the present answer; rejects when there is none. */
  #head = Promise.withResolvers<Pick<WireResponse, 'status' | 'fields'>>();

  /** `to`: a port of the loopback address, or the path of a Unix socket. */
  constructor(protocol: GatewayProtocolName, to: number | string) {
    this.#client = GATEWAY_PROTOCOLS[protocol].client(AJP);
    this.#decoder = this.#client.responseDecoder(LIMITS);
    this.socket = typeof to === 'number' ? connect(to, '127.0.0.1') : connect(to);
    this.socket.on('data', (chunk: Buffer) => this.#onData(chunk));
    this.socket.on('end', () => {
      if (this.#isComplete) return;
      this.#isComplete = this.#decoder.close() === 'end';
      this.#finish();
    });
    this.socket.on('error', () => this.socket.destroy());
    this.socket.on('close', () => this.#finish());
  }

  /** May another request follow? */
  get keepsConnection(): boolean {
    return this.#isComplete && this.#decoder.keepsConnection && !this.socket.destroyed;
  }

  async send(request: WireRequest, told: Told = {}): Promise<WireResponse> {
    const { method = 'GET', body = '' } = request;
    this.#body = new PassThrough();
    this.#head = Promise.withResolvers();
    this.#isComplete = false;
    this.#decoder.expect(method);
    const encoder = this.#client.requestEncoder(true);
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    // In one write: a server that is full may have closed before a second one, whose error would hide its answer.
    this.socket.cork();
    this.#write(encoder.head(outgoing(request, told), bytes.length));
    this.#packets = [...(bytes.length === 0 ? [] : encoder.body(bytes)), encoder.end()];
    if (!this.#client.isPaced) for (const packet of this.#packets.splice(0)) this.#write(packet);
    else if (bytes.length > 0) this.#write(this.#packets.shift()!);
    this.socket.uncork();
    const answer = this.#body;
    return {
      ...(await this.#head.promise),
      body: answer,
      trailers: () => ({}),
      isComplete: () => this.#isComplete,
      leave: () => this.socket.destroy(),
    };
  }

  #write(bytes: Bytes): void {
    if (bytes.length === 0) return;
    if (typeof bytes === 'string') this.socket.write(bytes, 'latin1');
    else this.socket.write(bytes);
  }

  #onData(chunk: Buffer): void {
    this.#decoder.push(chunk);
    for (let event = this.#decoder.next(); event !== 'need-data'; event = this.#decoder.next()) {
      if (event === 'head') this.#onHead();
      else if (event === 'data') this.#onBody(Buffer.from(this.#decoder.data));
      else if (event === 'wants-body') this.#write(this.#packets.shift() ?? '');
      else if (event === 'end') {
        this.#isComplete = true;
        return this.#finish();
      } else if (event === 'broken') return void this.socket.destroy(new Error(this.#decoder.fault!));
    }
  }

  #onHead(): void {
    const { status, fields } = this.#decoder.head!;
    const found: Record<string, string | string[]> = {};
    for (let i = 0; i < fields.length; i += 2) {
      const name = fields[i]!.toLowerCase();
      const before = found[name];
      if (name === 'set-cookie') found[name] = [...((before as string[]) ?? []), fields[i + 1]!];
      else found[name] = before === undefined ? fields[i + 1]! : `${before}, ${fields[i + 1]}`;
    }
    this.#head.resolve({ status, fields: found });
  }

  #onBody(data: Buffer): void {
    if (this.#body.write(data)) return;
    this.socket.pause();
    this.#body.once('drain', () => this.socket.resume());
  }

  /** The answer has come to its end, whole or not. */
  #finish(): void {
    this.#head.promise.catch(() => {});
    this.#head.reject(new Error('the connection was closed without an answer'));
    this.#body.end();
  }
}

/**
 * For a CountingLoad. A kept connection that is closed instead of an answer had none of the request: it is sent again on a
 * new one, as nginx does.
 */
export async function openGateway(protocol: GatewayProtocolName, to: number | string): Promise<Caller> {
  let front = await connected(protocol, to);
  let asked = 0;
  const ask = async (target: string): Promise<WireResponse> => {
    if (asked++ === 0) return front.send({ path: target });
    return front.send({ path: target }).catch(async () => {
      front = await connected(protocol, to);
      return front.send({ path: target });
    });
  };
  return {
    get: async (target) => {
      const { status, text, isComplete, fields } = await readWhole(await ask(target));
      const get = (name: string) =>
        name === 'connection' && !front.keepsConnection ? 'close' : fields[name];
      return { status, text, complete: isComplete, get };
    },
    close: () => front.socket.destroy(),
  };
}

async function connected(protocol: GatewayProtocolName, to: number | string): Promise<GatewayFront> {
  const front = new GatewayFront(protocol, to);
  await once(front.socket, 'connect');
  return front;
}

/** One request on a connection of its own. */
export async function sendGateway(
  protocol: GatewayProtocolName,
  to: number | string,
  request: WireRequest,
  told: Told = {},
): Promise<WireResponse> {
  const front = await connected(protocol, to);
  const response = await front.send(request, told);
  response.body.once('close', () => front.socket.end());
  return response;
}

function outgoing({ method = 'GET', path, fields = {} }: WireRequest, told: Told): OutgoingGatewayRequest {
  const [encoded = '', ...query] = path.split('?');
  return anOutgoingRequest({
    method,
    target: path,
    mappedTarget: path,
    query: query.join('?'),
    pathInfo: decoded(encoded),
    fields: ['Host', HOST, ...Object.entries(fields).flatMap(([name, value]) => listed(name, value))],
    ...told,
  });
}

/** What cannot be decoded is left: the other side is to find that out. */
function decoded(path: string): string {
  return path.replace(/%([\da-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

function listed(name: string, value: string | readonly string[]): string[] {
  return [value].flat().flatMap((one) => [name, one.trim()]);
}
