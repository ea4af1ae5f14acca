/**
 * Every wire that a request can come by, behind one small client: HTTP/1.1 and HTTP/2, over TCP, TLS and Unix sockets.
 * A test runs the same cases over each of them.
 */
import { once } from 'node:events';
import { type ClientRequest, request as http1Request, type IncomingMessage } from 'node:http';
import { type ClientHttp2Session, connect as connectHttp2, constants, type Settings } from 'node:http2';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { connect as connectSocket, type Socket } from 'node:net';
import type { Duplex, Readable, Writable } from 'node:stream';
import { connect as connectTls } from 'node:tls';

export interface WireRequest {
  readonly method?: string;
  readonly path: string;
  /** Names in lower case. */
  readonly fields?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: Uint8Array | string;
  /** The body is sent without telling its length before. */
  readonly isStreamed?: boolean;
  /** Of a body whose length is not told. */
  readonly trailers?: Readonly<Record<string, string>>;
}

/** A response whose head is there. */
export interface WireResponse {
  readonly status: number;
  /** Names in lower case; what belongs to the connection is left out. */
  readonly fields: Readonly<Record<string, string | readonly string[]>>;
  readonly body: Readable;
  /** Once the body has ended. */
  trailers(): Readonly<Record<string, unknown>>;
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

/** A request whose body may still follow. */
export interface BegunRequest {
  readonly upload: Writable;
  readonly answer: Promise<WireResponse>;
  /** The server has asked for the body (100 Continue). */
  readonly continued: Promise<void>;
}

export interface Wire {
  begin(to: Addresses, request: WireRequest): BegunRequest;
  /** The bytes of a WebSocket, both ways; what the server answered in its place where it opened none. */
  openWebSocket(to: Addresses, path: string): Promise<Duplex | WireResponse>;
}

const TRUSTING = { rejectUnauthorized: false };

type Http1Target = Pick<RequestOptions, 'port' | 'host' | 'socketPath' | 'rejectUnauthorized'>;

export const WIRES: Readonly<Record<string, Wire>> = {
  'HTTP/1.1 over TCP': overHttp1(({ port }) => ({ port, host: '127.0.0.1' })),
  'HTTP/1.1 over a Unix socket': overHttp1(({ socketPath }) => ({ socketPath })),
  'HTTP/1.1 over TLS': overHttp1(({ httpsPort }) => ({ port: httpsPort, host: '127.0.0.1', ...TRUSTING })),
  'HTTP/2 over TLS': overHttp2(({ httpsPort }) =>
    connectTls({ port: httpsPort, host: '127.0.0.1', ALPNProtocols: ['h2'], ...TRUSTING }),
  ),
  'HTTP/2 over TCP': overHttp2(({ port }) => connectSocket(port, '127.0.0.1')),
  'HTTP/2 over a Unix socket': overHttp2(({ socketPath }) => connectSocket(socketPath)),
};

export const HOST = 'site.example:8000';

/** Sends a whole request, and waits for the head of its answer. */
export function send(wire: Wire, to: Addresses, request: WireRequest): Promise<WireResponse> {
  const { upload, answer } = wire.begin(to, request);
  upload.end(request.body);
  return answer;
}

function overHttp1(targetOf: (to: Addresses) => Http1Target): Wire {
  return {
    begin: (to, request) => beginHttp1(targetOf(to), request),
    openWebSocket: async (to, path) => {
      const fields = {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
      };
      const outgoing = startHttp1(targetOf(to), { path, fields });
      outgoing.end();
      const answered = once(outgoing, 'response').then(([incoming]) => http1Response(outgoing, incoming));
      const opened = new Promise<Duplex>((resolve) => {
        outgoing.once('upgrade', (_, socket, head) => {
          socket.unshift(head);
          resolve(socket);
        });
      });
      return Promise.race([answered, opened]);
    },
  };
}

function startHttp1(
  to: Http1Target,
  { method = 'GET', path, fields = {}, body, isStreamed = false }: WireRequest,
): ClientRequest {
  const length = body === undefined || isStreamed ? {} : { 'content-length': Buffer.byteLength(body) };
  const chunked = isStreamed ? { 'transfer-encoding': 'chunked' } : {};
  const headers = { host: HOST, ...length, ...chunked, ...fields } as Record<string, string | string[]>;
  const start = to.rejectUnauthorized === undefined ? http1Request : httpsRequest;
  const outgoing = start({ ...to, method, path, headers, agent: false, setHost: false });
  outgoing.on('error', () => {});
  // A server that has more to say on a HEAD request may cut a connection that is done with it.
  outgoing.on('socket', (socket) => socket.on('error', () => {}));
  return outgoing;
}

function beginHttp1(to: Http1Target, request: WireRequest): BegunRequest {
  const outgoing = startHttp1(to, request);
  if (request.trailers !== undefined) outgoing.addTrailers(request.trailers);
  if (request.isStreamed === true) outgoing.flushHeaders();
  return {
    upload: outgoing,
    answer: once(outgoing, 'response').then(([incoming]) => http1Response(outgoing, incoming)),
    continued: new Promise((resolve) => outgoing.once('continue', resolve)),
  };
}

function http1Response(outgoing: ClientRequest, incoming: IncomingMessage): WireResponse {
  // Whether it was cut shows when it has closed.
  incoming.on('error', () => {});
  return {
    status: incoming.statusCode!,
    fields: without(incoming.headers, ['connection', 'keep-alive', 'transfer-encoding']),
    body: incoming,
    trailers: () => incoming.trailers,
    isComplete: () => incoming.complete,
    leave: () => outgoing.destroy(),
  };
}

function overHttp2(connect: (to: Addresses) => Socket): Wire {
  const open = (to: Addresses): ClientHttp2Session => {
    const session = connectHttp2('http://localhost', { createConnection: () => connect(to) });
    session.on('error', () => {});
    return session;
  };
  return {
    begin: (to, request) => beginHttp2(open(to), request),
    openWebSocket: async (to, path) => {
      const session = open(to);
      const [{ enableConnectProtocol }] = (await once(session, 'remoteSettings')) as [Settings];
      if (enableConnectProtocol !== true) throw new Error('the server has not said that it knows RFC 8441');
      const fields = { ':protocol': 'websocket', 'sec-websocket-version': '13' };
      const { upload, answer } = beginHttp2(session, { method: 'CONNECT', path, fields, isStreamed: true });
      const response = await answer;
      return response.status === 200 ? (upload as Duplex) : response;
    },
  };
}

function beginHttp2(
  session: ClientHttp2Session,
  { method = 'GET', path, fields = {}, body, isStreamed = false, trailers }: WireRequest,
): BegunRequest {
  const length = body === undefined || isStreamed ? {} : { 'content-length': Buffer.byteLength(body) };
  const pseudo = { ':method': method, ':scheme': 'http', ':path': path, ':authority': HOST };
  const headers = { ...pseudo, ...length, ...fields } as Record<string, string | string[]>;
  const endStream = body === undefined && !isStreamed;
  const stream = session.request(headers, { endStream, waitForTrailers: trailers !== undefined });
  stream.on('error', () => {});
  stream.on('close', () => session.close());
  stream.on('wantTrailers', () => stream.sendTrailers(trailers!));
  let received = {};
  stream.on('trailers', (fields) => {
    received = fields;
  });
  return {
    upload: stream,
    continued: new Promise((resolve) => stream.once('continue', resolve)),
    answer: once(stream, 'response').then(([answered]) => ({
      status: answered[':status'],
      fields: without(answered, [':status']),
      body: stream,
      trailers: () => received,
      isComplete: () => stream.rstCode === constants.NGHTTP2_NO_ERROR,
      leave: () => session.destroy(),
    })),
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
