/** Sends a file, or what the request's conditions and ranges make of it, from memory or from its descriptor. */
import type { Exchange } from '../exchange.ts';
import { streamFile } from './file-stream.ts';
import type { OpenFile } from './open-file.ts';
import { type Plan, planAnswer } from './plan.ts';
import { lengthBytes, type Part } from './ranges.ts';
import type { Representation } from './representation.ts';

export function sendFromMemory(exchange: Exchange, file: Representation, body: Buffer): void {
  const { status, fields, parts } = planAnswer(exchange.request, file);
  exchange.respond(status, fields, parts === null ? body : pick(body, parts));
}

function pick(body: Buffer, parts: readonly Part[]): Buffer {
  const pieces = parts.map((part) =>
    typeof part === 'string' ? Buffer.from(part, 'latin1') : body.subarray(part.start, part.end),
  );
  return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
}

/** Releases the file when it is done. `offset`: where in the file the representation begins. */
export function sendOpenFile(
  exchange: Exchange,
  open: OpenFile,
  file: Representation,
  { plan = planAnswer(exchange.request, file), offset = 0 }: { plan?: Plan; offset?: number } = {},
): void {
  const { status, fields, parts } = plan;
  if (status === 304) {
    open.release();
    exchange.respond(status, fields, '');
    return;
  }
  const wanted = parts ?? [{ start: 0, end: file.sizeBytes }];
  try {
    exchange.start(status, [...fields, 'Content-Length', String(lengthBytes(wanted))]);
  } catch (error) {
    open.release();
    throw error;
  }
  const isHead = exchange.request.method === 'HEAD';
  streamFile(exchange, open, isHead ? [] : wanted.map((part) => moved(part, offset)));
}

function moved(part: Part, offset: number): Part {
  return typeof part === 'string' || offset === 0
    ? part
    : { start: part.start + offset, end: part.end + offset };
}
