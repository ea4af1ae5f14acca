/** Reads a server's bytes with a decoder of responses, as a connection to an upstream would. */
import type { ResponseDecoder } from '../../src/protocols/gateway-protocol.ts';
import { ResponseParser } from '../../src/protocols/http1/response-parser.ts';
import type { ResponseLimits } from '../../src/protocols/http1/response-reading.ts';

export const RESPONSE_LIMITS: ResponseLimits = { headMax: 65_536, fieldsMax: 200 };

export interface ResponseReading {
  readonly heads: readonly {
    readonly status: number;
    readonly reason: string;
    readonly fields: readonly string[];
  }[];
  /** Latin-1. */
  readonly body: string;
  readonly trailers: readonly string[];
  /** `kept`: whole, and the connection can be used again. */
  readonly end: 'kept' | 'closed' | 'need-data' | 'broken' | 'switched';
  /** What the application wrote to its error output, and how many packets of the body were asked for. */
  readonly stderr: string;
  readonly packetsWanted: number;
  /** What came behind the answer, which nobody has asked for. */
  readonly restBytes: number;
  readonly fault: string | null;
}

interface Options {
  readonly method?: string;
  readonly limits?: ResponseLimits;
  /** The server closes the connection behind the last byte. */
  readonly closes?: boolean;
  /** Without it: HTTP/1. */
  readonly decoder?: (limits: ResponseLimits) => ResponseDecoder;
}

const http1 = (limits: ResponseLimits) => new ResponseParser(limits);

export function readResponse(
  pieces: Iterable<Buffer>,
  { method = 'GET', limits = RESPONSE_LIMITS, closes = false, decoder = http1 }: Options = {},
): ResponseReading {
  const parser = decoder(limits);
  parser.expect(method);
  const heads: ResponseReading['heads'][number][] = [];
  let body = '';
  let stderr = '';
  let packetsWanted = 0;
  let end: ResponseReading['end'] = 'need-data';
  let restBytes = 0;
  for (const piece of pieces) {
    if (end === 'broken') break;
    if (end !== 'need-data') {
      restBytes += piece.length;
      continue;
    }
    parser.push(piece);
    // Every event but these uses up bytes, so that more of them mean a parser that loops.
    for (let left = 2 * parser.pending + 4; end === 'need-data'; left--) {
      if (left < 0) throw new Error('the parser makes events out of nothing');
      const event = parser.next();
      if (event === 'need-data') break;
      if (event === 'data') body += parser.data.latin1Slice();
      else if (event === 'stderr') stderr += parser.data.latin1Slice();
      else if (event === 'wants-body') packetsWanted++;
      else if (event === 'broken') end = 'broken';
      else if (event === 'end') end = parser.keepsConnection ? 'kept' : 'closed';
      else
        heads.push({ status: parser.head!.status, reason: parser.head!.reason, fields: parser.head!.fields });
      if (event === 'head' && parser.head!.status === 101) end = 'switched';
    }
    if (end !== 'need-data') restBytes = parser.pending;
    // The next piece is read into the same buffer.
    parser.hold();
    piece.fill(0);
  }
  if (closes && end === 'need-data') end = parser.close() === 'end' ? 'closed' : 'broken';
  const trailers = parser.trailers ?? [];
  return { heads, body, stderr, packetsWanted, trailers, end, restBytes, fault: parser.fault };
}

export function inPieces(text: string, pieceBytes: number): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < text.length; at += pieceBytes)
    pieces.push(Buffer.from(text.slice(at, at + pieceBytes), 'latin1'));
  return pieces;
}
