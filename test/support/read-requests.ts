/**
 * Reads a whole connection's bytes with the HTTP/1.1 parser, as the gateway would: one request after another until
 * one that closes the connection. For the tests that compare what the parser sees.
 */
import type { HeadLimits, RequestHead } from '../../src/protocols/http1/request-head.ts';
import { RequestParser } from '../../src/protocols/http1/request-parser.ts';

export const DEFAULT_LIMITS: HeadLimits = {
  limitRequestLine: 8190,
  limitRequestFields: 100,
  limitRequestFieldSize: 8190,
  limitRequestHead: 65536,
};

export interface ReadRequest {
  readonly head: RequestHead;
  /** Latin-1. */
  body: string;
  trailers: string[][];
  /** Its end has been seen. */
  complete: boolean;
}

export interface Reading {
  readonly requests: ReadRequest[];
  /** The status of the refusal; `closed`: after a request without keep-alive, what follows was not looked at. */
  readonly end: 'between-requests' | 'mid-request' | 'closed' | number;
  /** The reason of the refusal. */
  readonly why: string;
}

export function readRequests(pieces: Iterable<Buffer>, limits: HeadLimits = DEFAULT_LIMITS): Reading {
  const parser = new RequestParser(limits);
  const requests: ReadRequest[] = [];
  for (const piece of pieces) {
    parser.push(piece);
    const end = drain(parser, requests, piece.length);
    if (end !== null) return { requests, end, why: parser.refusal?.why ?? '' };
  }
  return { requests, end: parser.midRequest ? 'mid-request' : 'between-requests', why: '' };
}

function drain(
  parser: RequestParser,
  requests: ReadRequest[],
  pushedBytes: number,
): 'closed' | number | null {
  // Every event but `end` and `need-data` uses up bytes, so that more events than these mean a parser that loops.
  let eventsLeft = 2 * (pushedBytes + parser.pending) + 4;
  for (;;) {
    if (--eventsLeft < 0) throw new Error('the parser makes events out of nothing');
    const event = parser.next();
    const last = requests.at(-1);
    switch (event) {
      case 'need-data':
        return null;
      case 'refused':
        return parser.refusal!.status;
      case 'head':
        requests.push({ head: parser.head!, body: '', trailers: [], complete: false });
        break;
      case 'data':
        if (parser.data.length === 0) throw new Error('a data event without data');
        last!.body += parser.data.latin1Slice();
        break;
      case 'end':
        last!.complete = true;
        last!.trailers = pairs(parser.trailers);
        if (!last!.head.block.keepAlive) return 'closed';
    }
  }
}

/** Name and value of each field, in order. */
export function pairs(fields: RequestHead['block']['fields'] | null): string[][] {
  return fields === null ? [] : fields.names.map((name, i) => [name.lower, fields.values[i]!]);
}

export function bytes(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

export function singleBytes(buffer: Buffer): Buffer[] {
  return Array.from(buffer, (_, at) => Buffer.from(buffer.subarray(at, at + 1)));
}

/** What two readings are compared by: plain values without the parser's objects. */
export function summary(reading: Reading): unknown {
  return {
    end: reading.end,
    requests: reading.requests.map(({ head, body, trailers, complete }) => ({
      ...{ method: head.method, target: head.target, version: head.version, authority: head.authority },
      ...{ path: head.path, decodedPath: head.decodedPath, query: head.query },
      fields: pairs(head.block.fields),
      ...{ body, trailers, complete },
    })),
  };
}
