/** Changes header fields of answers. Values are templates: what a stranger has brought into one cannot end a line. */
import type { ResponseHeadersSettings } from '../../config/sections/response-headers.ts';
import type { Bytes, Exchange, FieldList } from '../../exchange.ts';
import { compileFields, type FieldTemplates, filledFields } from '../../field-templates.ts';
import { FilteredExchange } from '../../filtered-exchange.ts';
import type { Middleware } from '../../handler.ts';

export function responseHeaders(settings: ResponseHeadersSettings): Middleware {
  const changes = compileChanges(settings);
  return (next) => (exchange) => next(new ChangedHeaders(exchange, changes));
}

interface Changes {
  /** In lower case: taken away before anything is added. */
  readonly removed: ReadonlySet<string>;
  /** Sent whatever the answer has. */
  readonly added: FieldTemplates;
  readonly defaults: FieldTemplates;
}

function compileChanges({ remove, set, add, default: defaults }: ResponseHeadersSettings): Changes {
  return {
    removed: new Set([...remove, ...Object.keys(set)].map((name) => name.toLowerCase())),
    added: [...compileFields(set), ...compileFields(add)],
    defaults: compileFields(defaults),
  };
}

class ChangedHeaders extends FilteredExchange {
  readonly #changes: Changes;
  /** By the route that this is said in; routes behind it catch something else. */
  readonly #captured: Exchange['captures'];

  constructor(inner: Exchange, changes: Changes) {
    super(inner);
    this.#changes = changes;
    this.#captured = inner.captures;
  }

  override respond(status: number, fields: FieldList, body: Bytes, reason?: string): void {
    this.inner.respond(status, this.#changed(status, fields), body, reason);
  }

  override start(status: number, fields: FieldList, reason?: string): void {
    this.inner.start(status, this.#changed(status, fields), reason);
  }

  protected override get passesBodies(): boolean {
    return true;
  }

  #changed(status: number, fields: FieldList): FieldList {
    const { removed, added, defaults } = this.#changes;
    const changed: string[] = [];
    const present = new Set<string>();
    for (let i = 0; i < fields.length; i += 2) {
      const lower = fields[i]!.toLowerCase();
      if (removed.has(lower)) continue;
      present.add(lower);
      changed.push(fields[i]!, fields[i + 1]!);
    }
    const missing = defaults.filter(({ lower }) => !present.has(lower));
    const answered = new AnsweredExchange(this.inner, status, this.#captured);
    changed.push(...filledFields(added, answered), ...filledFields(missing, answered));
    return changed;
  }
}

/** What templates are filled from: the status is known, and not yet sent. */
class AnsweredExchange extends FilteredExchange {
  readonly #status: number;
  readonly #captured: Exchange['captures'];

  constructor(inner: Exchange, status: number, captured: Exchange['captures']) {
    super(inner);
    this.#status = status;
    this.#captured = captured;
  }

  override get status(): number {
    return this.#status;
  }

  override get captures(): Exchange['captures'] {
    return this.#captured;
  }
}
