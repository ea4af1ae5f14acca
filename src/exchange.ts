/**
 * Exchange: one request and its response (RFC 9110, section 3.3), whatever wire it came by.
 *
 * The protocol code in gateway/ makes exchanges, middleware and handlers consume them. Nothing here knows
 * about sockets. All text of a request is latin-1: one character is one byte of the wire.
 */
import type { RequestFields } from './fields.ts';

/** Response header fields: name, value, name, value, … in the order in which they are sent. */
export type FieldList = readonly string[];

/** Bytes: a buffer, or a latin-1 string with one character a byte (Node writes short ones fastest). */
export type Bytes = Uint8Array | string;

/** What is known of the TLS that a request came by. */
export interface TlsSession {
  /** The client has shown a certificate that one of our authorities has signed. */
  readonly hasVerifiedClient: boolean;
  /** CGI variables as mod_ssl names them: name, value, … */
  readonly variables: readonly string[];
}

export interface Request {
  readonly method: string;
  /** The request target as the client sent it. */
  readonly target: string;
  /** The path of the target, still percent-encoded; `*` for `OPTIONS *`. */
  readonly path: string;
  /** The path with its percent-escapes decoded to bytes (latin-1). Dots and slashes are left as they are. */
  readonly decodedPath: string;
  /** What follows the first `?` of the target, without it; '' when there is none. */
  readonly query: string;
  /** As CGI (RFC 3875) and the logs of Apache and nginx write it. */
  readonly version: 'HTTP/1.0' | 'HTTP/1.1' | 'HTTP/2.0' | 'HTTP/3.0';
  readonly scheme: 'http' | 'https';
  /** Host and port as the client named them: of the absolute target, else of the Host field; '' when neither. */
  readonly authority: string;
  readonly fields: RequestFields;
  /** The peer's address; '' on a Unix socket, with port 0. */
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** The address of ours that the client reached; the path of a Unix socket, with port 0. */
  readonly localAddress: string;
  readonly localPort: number;
  /** Null where we do not speak TLS ourselves. */
  readonly tls: TlsSession | null;
  /** What a web server in front of us has taken off the path (SCRIPT_NAME); '' for nothing. */
  readonly scriptName: string;
}

/** How an exchange ended, for the access log and for metrics. */
export type Outcome = 'complete' | 'client-gone' | 'aborted' | 'timed-out';

/** How far an application has come with an exchange. Times are those of performance.now(); 0: not so far. */
export interface Progress {
  /** A thread began with it. */
  readonly begunAt: number;
  /** Its answer was whole, and could not be handed to the client at once. */
  readonly answeredAt: number;
  /** "worker 3 (pid 77)"; null when none has got it. */
  readonly workerName: string | null;
}

/** A request body: collected whole, in memory or in a temporary file, or, with `stream`, while it arrives. */
export interface RequestBody {
  /** Bytes of the body; -1 while it streams and its length was not declared. */
  readonly size: number;
  /** Takes the next bytes: a buffer at once from memory, `null` at the end, or later through `callback`. */
  read(callback: (error: Error | null, chunk: Uint8Array | null) => void): void;
  /** The whole body when it is in memory, else null. */
  readonly inMemory: Uint8Array | null;
  /** Gives memory and file back. Safe to call twice. */
  discard(): void;
  /** What there is to say of a body that was not collected; absent otherwise. */
  readonly stream?: BodyStream | undefined;
}

/** `read` gives a BodyError when the client breaks off, is too slow, or sends too much. */
export interface BodyStream {
  /** Largest size in bytes, 0 for none; to be changed before the first bytes are read. */
  limit: number;
  /** The client waits with the body until the first `read` (Expect: 100-continue). */
  readonly isAwaited: boolean;
  /** Trailer fields, once the end was read. */
  readonly trailers: FieldList | null;
  /** Reads it into memory and a file. From `done` on the body is like any that was collected. */
  collect(done: (error: Error | null) => void): void;
}

export interface Exchange {
  /** Replaced before anybody looks at it by what a trusted proxy says of its client (middleware/trusted-proxies). */
  request: Request;
  /** Null when the request has none. */
  readonly body: RequestBody | null;
  /** Names this request in logs, in the environ and, when asked, in the response. */
  readonly id: string;
  /** What the match of the route has caught, by number and by name; null: nothing. Set by routing. */
  captures: Readonly<Record<string, string>> | null;
  /** CGI variables that the application gets beside those of the request: name, value, …; null: none. Set by middleware. */
  environ: string[] | null;
  /** Which limits have counted it: see counted-once.ts. Set by middleware. */
  counted: number;
  /** The request before middleware has changed it; absent: it is `request`. */
  readonly received?: Request;
  /** What the client itself has sent, before internal redirects, too; absent: `received`. */
  readonly sent?: Request;
  /** Internal redirects that have led to this request; absent: none, it is as the client sent it. */
  readonly redirects?: number;

  /**
   * Answers whole. `respond` and `start` throw InvalidField, with nothing sent, when a field must not be sent.
   * Adds Date, Server and the framing; drops the body where RFC 9110 forbids one.
   */
  respond(status: number, fields: FieldList, body: Bytes, reason?: string): void;
  /** Starts an answer whose body follows by `write` and `end`. A content-length among the fields is kept to. */
  start(status: number, fields: FieldList, reason?: string): void;
  /** Sends body bytes. False: hold the next ones until `onDrain`. */
  write(chunk: Bytes): boolean;
  /**
   * Sends body bytes straight from an open file: returns how many went at once. What did not go is to be sent by `write`.
   * Only where `sendsFiles` is true: elsewhere the bytes have to pass through us.
   */
  sendFile?(fd: number, start: number, end: number): number;
  /** `write` for a socket that is full: `onDrain` follows when it has taken the bytes, however few they are. */
  writeAndWait?(chunk: Bytes): void;
  readonly sendsFiles?: boolean;
  /** `trailers` are for a client who has asked for them, and dropped where the wire has no place for them. */
  end(trailers?: FieldList): void;
  /** Sends an interim answer (1xx, not 101) to a client who knows them. `respond` or `start` still has to follow. */
  interim(status: number, fields: FieldList): void;
  /**
   * Answers 101 (over HTTP/2 that is the 200 of an extended CONNECT) and changes to another protocol: what the client
   * sends is read from the result, `write` and `end` send to it. Null, with nothing sent, where the wire cannot.
   */
  upgrade(fields: FieldList): RequestBody | null;
  /**
   * Gives up: before the head an error page of ours is sent, with `fields` besides (Retry-After and the like), after it
   * the connection is cut so that the client can tell.
   */
  abort(status: number, why: string, fields?: FieldList): void;

  /** Room again after `write` returned false. Set by the handler. */
  onDrain: (() => void) | null;
  /** The client is gone or the answer was cut; nothing more can be sent. Set by the handler. */
  onGone: (() => void) | null;
  /** Called once when the exchange has ended, however it ended. Set by middleware (the access log). */
  onFinished: ((exchange: Exchange) => void) | null;

  /** What became of it: valid in `onFinished`. `status` is 0 when no head was sent. */
  readonly status: number;
  readonly responseFields: FieldList;
  /** Body bytes handed to the socket. */
  readonly bodyBytesSent: number;
  readonly outcome: Outcome;
  /** Wall clock at the first byte of the request, in ms since 1970, and time from there to the end. */
  readonly startedAtMs: number;
  readonly durationMs: number;
  /** performance.now() when the request was there whole, and when the exchange had ended. */
  readonly receivedAt: number;
  readonly endedAt: number;
  /** Set by the app handler: which process answered. */
  workerPid: number;
  /** Set by the app handler: null when the exchange is none of its business. */
  application: Progress | null;
}
