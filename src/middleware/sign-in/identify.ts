/**
 * What the application gets to know of a client that has signed in: REMOTE_USER and AUTH_TYPE (RFC 3875, section 4.1).
 * The password is not its business, so the field that brought it is taken away unless it is asked for.
 */
import { derivedRequest } from '../../derived-request.ts';
import type { Exchange } from '../../exchange.ts';
import { RequestFields } from '../../fields.ts';
import { DerivedExchange } from '../../filtered-exchange.ts';

/** The fields of a kept-alive connection are shared by its requests: what was made of them is used again. */
const withoutAuthorization = new WeakMap<RequestFields, RequestFields>();

/** The exchange as the next handler is to see it. `user`: latin-1. */
export function identify(
  exchange: Exchange,
  user: string,
  type: string,
  passAuthorization: boolean,
): Exchange {
  exchange.environ ??= [];
  exchange.environ.push('REMOTE_USER', user, 'AUTH_TYPE', type);
  if (passAuthorization) return exchange;
  const { request } = exchange;
  let fields = withoutAuthorization.get(request.fields);
  if (fields === undefined) {
    fields = without(request.fields, 'authorization');
    withoutAuthorization.set(request.fields, fields);
  }
  return new DerivedExchange(exchange, derivedRequest(request, { fields }));
}

function without(fields: RequestFields, lower: string): RequestFields {
  const kept = new RequestFields();
  for (let i = 0; i < fields.names.length; i++)
    if (fields.names[i]!.lower !== lower) kept.add(fields.names[i]!, fields.values[i]!);
  return kept;
}
