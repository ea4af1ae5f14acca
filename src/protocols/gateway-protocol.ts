/**
 * What the gateway protocols (SCGI, uwsgi, FastCGI, AJP) have in common, as interfaces. A protocol is a folder with the
 * same four files, sans-I/O: request-decoder.ts and response-encoder.ts for the server role (a web server in front of
 * us), request-encoder.ts and response-decoder.ts for the client role (we are in front of an application server).
 * gateway-protocols.ts lists them. None of them ever throws, whatever the bytes.
 */
import type { Bytes, FieldList } from '../exchange.ts';
import type { GatewayRequest } from './cgi/gateway-request.ts';
import type { Refusal } from './http1/refusal.ts';
import type { HeadLimits } from './http1/request-head.ts';
import type { ResponseLimits, UpstreamHead } from './http1/response-reading.ts';

/**
 *   need-data   nothing more to be had of what was pushed
 *   request     its variables are there: `request`. `data` and `end` with the same id follow
 *   data        bytes of its body: `data`
 *   end         its body is whole; also of a request without one
 *   abort       the front does not wait for it any longer
 *   reply       `reply` is to be sent at once: an answer to a question about us
 *   refused     this request cannot be accepted, `fault` says why. No `data` and `end` follow; the connection may go on
 *   broken      these are not the bytes of this protocol, `fault` says why. Nothing else follows
 */
export type RequestEvent =
  | 'need-data'
  | 'request'
  | 'data'
  | 'end'
  | 'abort'
  | 'reply'
  | 'refused'
  | 'broken';

/** Server role: bytes → the requests of one connection. */
export interface RequestDecoder {
  push(chunk: Buffer): void;
  next(): RequestEvent;
  /** Of the request that the event is about, where several share a connection (FastCGI); 0 elsewhere. */
  readonly id: number;
  /** After 'request'. */
  readonly request: GatewayRequest | null;
  /** After 'data': valid until the next `push`. */
  readonly data: Buffer;
  /** After 'reply'. */
  readonly reply: Bytes;
  /** After 'refused' and 'broken'. */
  readonly fault: Refusal | null;
  /** May another request follow on this connection, as far as the front has said? */
  readonly keepsConnection: boolean;
  /** Bytes that have been pushed and not been used. */
  readonly pending: number;
  /** AJP: asks the front for the next bytes of the body. Others send them unasked. */
  wantsBody?(): Bytes;
}

/** Server role: one answer → bytes. One a request. Its fields are valid and final: see `cgi/response-fields.ts`. */
export interface ResponseEncoder {
  /** Bodies are sent as they are, so that a file may go straight to the socket. */
  readonly isRaw: boolean;
  head(status: number, reason: string, fields: FieldList): Bytes;
  /** A piece of the body, framed. */
  body(chunk: Bytes): readonly Bytes[];
  /** `keepsConnection`: we would take another request. '' where the end of the connection says it. */
  end(keepsConnection: boolean): Bytes;
}

/** Of one request; those of HTTP, so that a limit means the same on every wire. */
export type GatewayLimits = HeadLimits;

/** What the operator says of a listener beside limits. */
export interface GatewayServerSettings extends GatewayLimits {
  readonly ajp: AjpSettings;
}

export interface AjpSettings {
  /** What the ends must know of each other; '' for nothing. */
  readonly secret: string;
  /** What the other end takes as one packet, its header included. */
  readonly packetBytes: number;
}

/** Server role of one protocol. */
export interface GatewayServer {
  readonly requestDecoder: (settings: GatewayServerSettings) => RequestDecoder;
  /** `id`: of the request. */
  readonly responseEncoder: (id: number, settings: GatewayServerSettings) => ResponseEncoder;
}

/** A request on its way to an application server. All text is latin-1: one character is one byte of the wire. */
export interface OutgoingGatewayRequest {
  readonly method: string;
  /** Path and query as the client sent them. */
  readonly target: string;
  readonly query: string;
  readonly version: string;
  readonly scheme: 'http' | 'https';
  /** Header fields, with Host; nothing of framing, nothing that is meant for us alone. */
  readonly fields: FieldList;
  /** What of the path has led to the application, decoded, and what is left of it (RFC 3875, sections 4.1.13 and 4.1.5). */
  readonly scriptName: string;
  readonly pathInfo: string;
  /** Path and query as the route has mapped them: what a server that speaks HTTP would get. */
  readonly mappedTarget: string;
  /** Name and port by which the client has reached us. */
  readonly serverName: string;
  readonly serverPort: number;
  /** The address of ours that it has reached; '' on a Unix socket. */
  readonly serverAddress: string;
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** Other CGI variables, which count before those that follow from the above: name, value, … */
  readonly variables: FieldList;
  /** Those that the operator has asked for, which count before all others. */
  readonly params: FieldList;
}

/** Client role: one request → bytes. One a request. */
export interface RequestEncoder {
  /**
   * `bodySize`: in bytes; 0 for none. It is always known: without it most of these protocols have no body.
   * @throws RequestTooLarge where the protocol has no room for so much (uwsgi and AJP, 64 KiB)
   */
  head(request: OutgoingGatewayRequest, bodySize: number): Bytes;
  /** A piece of the body, framed: each element is a packet of its own where `isPaced`. */
  body(chunk: Bytes): readonly Bytes[];
  /** What says that the body is over; '' where nothing does. */
  end(): Bytes;
}

/**
 * `stderr`: what the application wrote to its error output is in `data` (FastCGI). `wants-body`: the server asks for the
 * next packet of the body (AJP).
 */
export type ResponseEvent =
  | 'need-data'
  | 'interim'
  | 'head'
  | 'data'
  | 'end'
  | 'broken'
  | 'stderr'
  | 'wants-body';

/**
 * Client role: bytes → the answers of one connection, one after the other:
 *
 *   (interim | stderr | wants-body)*  head  (data | stderr | wants-body)*  end       or `broken` at any point
 *
 * It never throws, and after `broken` it stays broken. What is pushed is not kept beyond the next `push`, but for `hold`.
 */
export interface ResponseDecoder {
  /** After 'interim' and 'head'; the same object when a server repeats itself. */
  readonly head: UpstreamHead | null;
  /** After 'data' and 'stderr': valid until the next `push`. */
  readonly data: Buffer;
  /** After 'end'; null when there are none. */
  readonly trailers: FieldList | null;
  /** After 'broken': completes "the server sent …". */
  readonly fault: string | null;
  /** Bytes that have been pushed and not been used. */
  readonly pending: number;
  /** After 'end' and `takeWhole`: another request may follow on this connection. */
  readonly keepsConnection: boolean;
  /** A request was sent; its answer is next. */
  expect(method: string): void;
  push(chunk: Buffer): void;
  /** Copies what is not used yet: the bytes that were pushed are going to be overwritten. */
  hold(): void;
  next(): ResponseEvent;
  /** After 'head': the whole body and with it the end of the answer, when all of it is there; else null. */
  takeWhole(): Buffer | null;
  /** After a head with status 101: what has come behind it. */
  takeRest(): Buffer;
  /** The server has closed its half of the connection: the end of the answer, or of all hope for one. */
  close(): 'end' | 'broken';
}

/** Client role of one protocol. */
export interface GatewayClient {
  /** `keepsConnection`: another request may follow on the connection, if the server likes. */
  readonly requestEncoder: (keepsConnection: boolean) => RequestEncoder;
  readonly responseDecoder: (limits: ResponseLimits) => ResponseDecoder;
  /** A packet of the body is sent when the server has asked for it ('wants-body'); the first one unasked. */
  readonly isPaced: boolean;
}

/** Both roles of one protocol. */
export interface GatewayProtocol {
  readonly server: GatewayServer;
  readonly client: (ajp: AjpSettings) => GatewayClient;
}
