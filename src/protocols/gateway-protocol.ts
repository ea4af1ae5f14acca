/**
 * What the gateway protocols (SCGI, uwsgi, FastCGI, AJP) have in common, as interfaces. A protocol is a folder with the
 * same four files, sans-I/O: request-decoder.ts and response-encoder.ts for the server role (a web server in front of
 * us), request-encoder.ts and response-decoder.ts for the client role (we are in front of an application server).
 */
import type { Bytes, FieldList } from '../exchange.ts';
import type { ResponseLimits, UpstreamHead } from './http1/response-reading.ts';

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
  /** Name and port by which the client has reached us. */
  readonly serverName: string;
  readonly serverPort: number;
  /** The address of ours that it has reached; '' on a Unix socket. */
  readonly serverAddress: string;
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** Other CGI variables, which count before those that follow from the above: name, value, … */
  readonly variables: FieldList;
}

/** Client role: one request → bytes. One a request. */
export interface RequestEncoder {
  /** `bodySize`: in bytes; 0 for none. It is always known: without it most of these protocols have no body. */
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
  readonly requestEncoder: () => RequestEncoder;
  readonly responseDecoder: (limits: ResponseLimits) => ResponseDecoder;
  /** A packet of the body is sent when the server has asked for it ('wants-body'); the first one unasked. */
  readonly isPaced: boolean;
}
