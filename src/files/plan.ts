/** Which answer a GET or HEAD of a file gets: a function of the request's fields and of the file's description. */
import type { FieldList, Request } from '../exchange.ts';
import { allowsRange, evaluateConditions, mayBeConditional } from './conditions.ts';
import { contentRange, multipart, type Part, parseRanges } from './ranges.ts';
import type { Representation } from './representation.ts';

export interface Plan {
  readonly status: number;
  readonly fields: FieldList;
  /** The pieces of the body; null is the whole file. */
  readonly parts: readonly Part[] | null;
}

const TEXT = ['Content-Type', 'text/plain; charset=utf-8'];

export function planAnswer(request: Request, file: Representation): Plan {
  if (!mayBeConditional(request.fields)) return { status: 200, fields: file.fields, parts: null };
  switch (evaluateConditions(request.fields, file)) {
    case 'not-modified':
      return { status: 304, fields: file.kept, parts: [] };
    case 'precondition-failed':
      return { status: 412, fields: [...TEXT, ...file.kept], parts: ['412 Precondition Failed\n'] };
    case 'proceed':
      return planRanges(request, file) ?? { status: 200, fields: file.fields, parts: null };
  }
}

/** Null when the whole file is the answer. Range is defined for GET alone. */
function planRanges(request: Request, file: Representation): Plan | null {
  const field = request.method === 'GET' ? request.fields.joined('range') : null;
  if (field === null || !allowsRange(request.fields, file)) return null;
  const ranges = parseRanges(field, file.sizeBytes);
  if (ranges === null) return null;
  const [first] = ranges;
  if (first === undefined) {
    const fields = [...TEXT, 'Content-Range', `bytes */${file.sizeBytes}`];
    return { status: 416, fields, parts: ['416 Range Not Satisfiable\n'] };
  }
  if (ranges.length === 1) {
    const fields = [...file.fields, 'Content-Range', contentRange(first, file.sizeBytes)];
    return { status: 206, fields, parts: ranges };
  }
  if (file.isCoded) return null;
  const { type, parts } = multipart(ranges, file);
  return { status: 206, fields: ['Content-Type', type, ...file.rest], parts };
}
