/** What whoever is asked has answered. */
import type { FieldList } from '../../exchange.ts';

export interface Verdict {
  readonly status: number;
  /** Without the fields that are about one connection only. */
  readonly fields: FieldList;
  readonly body: Uint8Array;
}

/** What of it is kept: it is for the client when it is a no. */
export const VERDICT_BYTES_MAX = 1_048_576;

/** No answer. `isLate`: it took too long. */
export class NoVerdict extends Error {
  readonly isLate: boolean;

  constructor(message: string, isLate = false) {
    super(message);
    this.isLate = isLate;
  }
}

/** RFC 9110, section 7.6.1, and the length, which is ours to say. */
const OF_THE_CONNECTION =
  /^(connection|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade|content-length)$/i;

export function passableFields(fields: FieldList): string[] {
  const named = new Set<string>();
  for (let i = 0; i < fields.length; i += 2)
    if (fields[i]!.toLowerCase() === 'connection')
      for (const name of fields[i + 1]!.split(',')) named.add(name.trim().toLowerCase());
  const kept: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!;
    if (!OF_THE_CONNECTION.test(name) && !named.has(name.toLowerCase())) kept.push(name, fields[i + 1]!);
  }
  return kept;
}

/** The values of a field joined, without control characters; null when there is none. `lower`: its name. */
export function fieldOf(fields: FieldList, lower: string): string | null {
  let all: string | null = null;
  for (let i = 0; i < fields.length; i += 2)
    if (fields[i]!.toLowerCase() === lower) all = all === null ? fields[i + 1]! : `${all}, ${fields[i + 1]}`;
  return all?.replace(/[\0-\x08\x0a-\x1f\x7f]/g, '') ?? null;
}
