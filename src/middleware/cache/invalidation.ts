/** A request that may change things makes what is stored of its URL invalid, once it has succeeded (RFC 9111, section 4.4). */
import type { Bytes, Exchange, FieldList } from '../../exchange.ts';
import { FilteredExchange } from '../../filtered-exchange.ts';

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);
const LOCATIONS = new Set(['location', 'content-location']);

export function isSafe(method: string): boolean {
  return SAFE.has(method);
}

export class InvalidatingExchange extends FilteredExchange {
  readonly #invalidate: (locations: readonly string[]) => void;

  /** `invalidate` is called when it has succeeded, with what the answer names as changed or made. */
  constructor(inner: Exchange, invalidate: (locations: readonly string[]) => void) {
    super(inner);
    this.#invalidate = invalidate;
  }

  override respond(status: number, fields: FieldList, body: Bytes, reason?: string): void {
    this.#judge(status, fields);
    this.inner.respond(status, fields, body, reason);
  }

  override start(status: number, fields: FieldList, reason?: string): void {
    this.#judge(status, fields);
    this.inner.start(status, fields, reason);
  }

  protected override get passesBodies(): boolean {
    return true;
  }

  /** Before the client hears of it: its next request sees what it has done. */
  #judge(status: number, fields: FieldList): void {
    if (status < 200 || status >= 400) return;
    this.#invalidate(fields.filter((_, i) => i % 2 === 1 && LOCATIONS.has(fields[i - 1]!.toLowerCase())));
  }
}
