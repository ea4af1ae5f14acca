/**
 * Every wire that a request can come by, behind one small client: HTTP/1.1 and HTTP/2, over TCP, TLS and Unix sockets.
 * A test runs the same cases over each of them.
 */
import { once } from 'node:events';
import { request as http1Request, type IncomingMessage } from 'node:http';
import { connect as connectHttp2, constants } from 'node:http2';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { connect as connectSocket, type Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { connect as connectTls } from 'node:tls';

export interface WireRequest {
  readonly method?: string;
  readonly path: string;
  /** Names in lower case. */
  readonly fields?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: Uint8Array | string;
  /** The body is sent without telling its length before. */
  readonly isStreamed?: boolean;
}

/** A response whose head is there. */
export interface WireResponse {
  readonly status: number;
  /** Names in lower case; what belongs to the connection is left out. */
  readonly fields: Readonly<Record<string, string | readonly string[]>>;
  readonly body: Readable;
  /** Once the body has closed: nothing is missing. */
  isComplete(): boolean;
  /** Gives up on it, as a client that leaves does. */
  leave(): void;
}

/** A response that was read to its end. */
export interface WholeResponse {
  readonly status: number;
  readonly fields: WireResponse['fields'];
  readonly body: Buffer;
  readonly text: string;
  /** False: it was cut. */
  readonly isComplete: boolean;
}

/** Where a server listens. */
export interface Addresses {
  readonly port: number;
  readonly httpsPort: number;
  readonly socketPath: string;
}

export type Send = (to: Addresses, request: WireRequest) => Promise<WireResponse>;

const TRUSTING = { rejectUnauthorized: false };

export const WIRES: Readonly<Record<string, Send>> = {
  'HTTP/1.1 over TCP': ({ port }, request) => sendHttp1({ port, host: '127.0.0.1' }, request),
  'HTTP/1.1 over a Unix socket': ({ socketPath }, request) => sendHttp1({ socketPath }, request),
  'HTTP/1.1 over TLS': ({ httpsPort }, request) =>
    sendHttp1({ port: httpsPort, host: '127.0.0.1', ...TRUSTING }, request),
  'HTTP/2 over TLS': ({ httpsPort }, request) =>
    sendHttp2(
      () => connectTls({ port: httpsPort, host: '127.0.0.1', ALPNProtocols: ['h2'], ...TRUSTING }),
      request,
    ),
  'HTTP/2 over TCP': ({ port }, request) => sendHttp2(() => connectSocket(port, '127.0.0.1'), request),
  'HTTP/2 over a Unix socket': ({ socketPath }, request) =>
    sendHttp2(() => connectSocket(socketPath), request),
};

export const HOST = 'site.example:8000';

async function sendHttp1(
  to: Pick<RequestOptions, 'port' | 'host' | 'socketPath' | 'rejectUnauthorized'>,
  { method = 'GET', path, fields = {}, body, isStreamed = false }: WireRequest,
): Promise<WireResponse> {
  const length = body === undefined || isStreamed ? {} : { 'content-length': Buffer.byteLength(body) };
  const headers = { host: HOST, ...length, ...fields } as Record<string, string | string[]>;
  const start = to.rejectUnauthorized === undefined ? http1Request : httpsRequest;
  const outgoing = start({ ...to, method, path, headers, agent: false, setHost: false });
  if (isStreamed) outgoing.write('');
  outgoing.on('error', () => {});
  // A server that has more to say on a HEAD request may cut a connection that is done with it.
  outgoing.on('socket', (socket) => socket.on('error', () => {}));
  outgoing.end(body);
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
  // Whether it was cut shows when it has closed.
  incoming.on('error', () => {});
  return {
    status: incoming.statusCode!,
    fields: without(incoming.headers, ['connection', 'keep-alive', 'transfer-encoding']),
    body: incoming,
    isComplete: () => incoming.complete,
    leave: () => outgoing.destroy(),
  };
}

async function sendHttp2(
  createConnection: () => Socket,
  { method = 'GET', path, fields = {}, body, isStreamed = false }: WireRequest,
): Promise<WireResponse> {
  const session = connectHttp2('http://localhost', { createConnection });
  session.on('error', () => {});
  const length = body === undefined || isStreamed ? {} : { 'content-length': Buffer.byteLength(body) };
  const pseudo = { ':method': method, ':path': path, ':authority': HOST };
  const headers = { ...pseudo, ...length, ...fields } as Record<string, string | string[]>;
  const stream = session.request(headers, { endStream: body === undefined });
  stream.on('error', () => {});
  stream.on('close', () => session.close());
  if (body !== undefined) stream.end(body);
  const [answered] = await once(stream, 'response');
  return {
    status: answered[':status'],
    fields: without(answered, [':status']),
    body: stream,
    isComplete: () => stream.rstCode === constants.NGHTTP2_NO_ERROR,
    leave: () => session.destroy(),
  };
}

function without(fields: object, names: readonly string[]): WireResponse['fields'] {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));
}

export async function readWhole(response: WireResponse): Promise<WholeResponse> {
  const { status, fields } = response;
  const parts: Buffer[] = [];
  response.body.on('data', (part: Buffer) => parts.push(part)).resume();
  if (!response.body.destroyed) await once(response.body, 'close').catch(() => {});
  const body = Buffer.concat(parts);
  return { status, fields, body, text: body.toString('latin1'), isComplete: response.isComplete() };
}
