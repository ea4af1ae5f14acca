/**
 * Frames of the worker protocol: a header of 9 bytes and a payload. The twin of python/vivarium/frames.py.
 *
 *   length  u32 LE   bytes of the payload
 *   id      u32 LE   which exchange of this channel; a channel counts its requests from 1
 *   kind    u8
 *
 * Frames to a worker are made as latin-1 strings, one character a byte: joining strings costs nothing until Node
 * copies the whole batch into the socket in one go.
 */

export const FRAME_HEADER_BYTES = 9;

export const Kind = {
  // Channel, gateway → worker.
  request: 1,
  requestData: 2,
  /** The end of a body. Payload: nothing, or why the rest of it does not come, in words. */
  requestEnd: 3,
  /** Gives a number to a list of environ keys, which later requests refer to. The id is the number. */
  shape: 4,
  /** When the gateway got the request that follows, see times.ts. */
  times: 5,

  // Channel, worker → gateway.
  /** A whole answer: head and body. */
  response: 16,
  /** The head of an answer whose body follows in `data` frames. */
  head: 17,
  data: 18,
  end: 19,
  /** The application failed: before the head a 500, after it the connection must be cut. Payload: why, in words. */
  fail: 20,
  /** How long the requests of a batch took. Follows its last answer. */
  timings: 21,
  /** The head of an answer whose body is a file that the worker has open: see lent-file.ts. An `end` follows. */
  file: 22,

  // Control channel, JSON payloads.
  hello: 32,
  ready: 33,
  failed: 34,
  /** The worker was told to stop by somebody else: no more requests. */
  stopping: 35,
  /** The worker was told to go by somebody else, when another one is there in its place (SIGUSR1). */
  evicted: 36,
  recall: 48,
  recalled: 49,
  /** The client is gone: stop the iteration of this response. */
  abort: 50,
  /** This request has run for too long: where is it? With `raise`, it is interrupted. */
  interrupt: 51,
  /** The Python stack of a request that was asked for by `interrupt`; null when it has ended. */
  interrupted: 52,
  /** Does the interpreter run? */
  ping: 53,
  pong: 54,
  /** Where are the threads that run requests? */
  stacks: 55,
  stacksTaken: 56,
  /** What the application counts: see metrics.ts. */
  metrics: 57,
  /** What are all processes and threads doing? */
  scoreboard: 59,
  /** The answer: see apps/scoreboard.ts. */
  scoreboardTaken: 60,
  /** The error log was renamed: standard output and error belong into the file that now has its name. */
  reopenLog: 61,
  /** Files may be lent: the gateway can open what the worker has open. */
  lend: 62,
  /** A file that was lent is not needed any more. */
  taken: 63,
} as const;

/** How the body of a request comes. */
export const Body = { none: 0, inline: 1, follows: 2 } as const;

/** Bodies up to this many bytes travel inside the request frame. */
export const INLINE_BODY_MAX = 65_536;

export function u16(value: number): string {
  return String.fromCharCode(value & 255, value >>> 8);
}

export function u32(value: number): string {
  return String.fromCharCode(value & 255, (value >>> 8) & 255, (value >>> 16) & 255, value >>> 24);
}

/** A frame as latin-1 text. */
export function frame(kind: number, id: number, payload: string): string {
  return frameHeader(kind, id, payload.length) + payload;
}

/** The header alone, before a payload that is sent as a buffer. */
export function frameHeader(kind: number, id: number, payloadBytes: number): string {
  return u32(payloadBytes) + u32(id) + String.fromCharCode(kind);
}

/** A control message. JSON is escaped to ASCII, so that one character stays one byte. */
export function controlFrame(kind: number, message: object): string {
  const json = JSON.stringify(message).replace(
    /[^\0-\x7f]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return frame(kind, 0, json);
}

/** True when sequence number `a` comes after `b` (both u32, wrapping: RFC 1982). */
export function isAfter(a: number, b: number): boolean {
  return ((a - b) | 0) > 0;
}
