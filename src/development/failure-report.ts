/**
 * What a worker says of a failure when tracebacks may be shown (`traceback-pages`); made by
 * python/vivarium/dev/failure_report.py. A worker runs code that is not ours, so it is checked like anything from outside.
 */

export interface FailureReport {
  /** "ValueError: text" */
  readonly summary: string;
  /** The traceback as Python prints it. */
  readonly text: string;
  /** The one that was raised last comes first. */
  readonly exceptions: readonly ReportedException[];
  /** The WSGI environ without secrets; null when no request failed. */
  readonly environ: Readonly<Record<string, string>> | null;
}

export interface ReportedException {
  readonly title: string;
  /** How the one before it in the list came of it; null for the first. */
  readonly relation: 'cause' | 'context' | null;
  /** The innermost call last. */
  readonly frames: readonly ReportedFrame[];
}

export interface ReportedFrame {
  readonly file: string;
  readonly line: number;
  readonly function: string;
  /** The number of the first line of `source`. */
  readonly first: number;
  readonly source: readonly string[];
  /** No library: what its author probably looks for. */
  readonly isApplication: boolean;
}

/** Null when it is not what it should be. */
export function parseFailureReport(json: unknown): FailureReport | null {
  if (typeof json !== 'string') return null;
  try {
    const report: unknown = JSON.parse(json);
    return isReport(report) ? report : null;
  } catch {
    return null;
  }
}

/** The payload of a `fail` frame: why, in words, and a report behind a NUL if there is one. */
export function splitFailure(payload: string): { why: string; report: FailureReport | null } {
  const at = payload.indexOf('\0');
  if (at < 0) return { why: payload, report: null };
  return { why: payload.slice(0, at), report: parseFailureReport(payload.slice(at + 1)) };
}

function isReport(value: unknown): value is FailureReport {
  if (!isObject(value)) return false;
  const { summary, text, exceptions, environ } = value;
  if (typeof summary !== 'string' || typeof text !== 'string') return false;
  return isListOf(exceptions, isException) && (environ === null || isTextMap(environ));
}

function isException(value: unknown): value is ReportedException {
  if (!isObject(value)) return false;
  const { title, relation, frames } = value;
  const isKnown = relation === 'cause' || relation === 'context' || relation === null;
  return typeof title === 'string' && isKnown && isListOf(frames, isFrame);
}

function isFrame(value: unknown): value is ReportedFrame {
  if (!isObject(value)) return false;
  const { file, line, function: name, first, source, isApplication } = value;
  return (
    typeof file === 'string' &&
    typeof line === 'number' &&
    typeof name === 'string' &&
    typeof first === 'number' &&
    isListOf(source, isText) &&
    typeof isApplication === 'boolean'
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isListOf<T>(value: unknown, isOne: (item: unknown) => item is T): value is T[] {
  return Array.isArray(value) && value.every(isOne);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isTextMap(value: unknown): value is Record<string, string> {
  return isObject(value) && Object.values(value).every(isText);
}
