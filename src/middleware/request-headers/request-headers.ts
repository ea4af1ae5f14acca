/** Changes header fields of requests before what follows sees them. Values are templates. */
import type { RequestHeadersSettings } from '../../config/sections/request-headers.ts';
import { claimFields, derivedRequest } from '../../derived-request.ts';
import type { Exchange } from '../../exchange.ts';
import { compileFields, type FieldTemplates, filledFields } from '../../field-templates.ts';
import { fieldName, RequestFields } from '../../fields.ts';
import { DerivedExchange } from '../../filtered-exchange.ts';
import type { Middleware } from '../../handler.ts';

export function requestHeaders(settings: RequestHeadersSettings): Middleware {
  const { remove, set, add } = settings;
  const removed = new Set([...remove, ...Object.keys(set)].map((name) => name.toLowerCase()));
  const added = [...compileFields(set), ...compileFields(add)];
  const defaults = compileFields(settings.default);
  return (next) => (exchange) => {
    const fields = changedFields(exchange, removed, added, defaults);
    next(new DerivedExchange(exchange, derivedRequest(exchange.request, { fields })));
  };
}

function changedFields(
  exchange: Exchange,
  removed: ReadonlySet<string>,
  added: FieldTemplates,
  defaults: FieldTemplates,
): RequestFields {
  const { names, values } = exchange.request.fields;
  const changed = new RequestFields();
  for (let i = 0; i < names.length; i++)
    if (!removed.has(names[i]!.lower)) changed.add(names[i]!, values[i]!);
  const missing = defaults.filter(({ lower }) => changed.get(lower) === null);
  const news = filledFields([...added, ...missing], exchange);
  for (let i = 0; i < news.length; i += 2) changed.add(fieldName(news[i]!), news[i + 1]!);
  claimFields(
    changed,
    [...added, ...missing].map(({ lower }) => lower),
  );
  return changed;
}
