/** The trailer fields of a request (RFC 9113, section 8.1), held to the rules and limits of those of HTTP/1.1. */
import type { FieldList } from '../../exchange.ts';
import { FORBIDDEN_TRAILERS } from '../http1/chunked-decoder.ts';
import { Refusal } from '../http1/refusal.ts';
import type { HeadLimits } from '../http1/request-head.ts';
import { judgeField, trimmed } from './request-head.ts';

/** `list` is names and values in turn, as `node:http2` gives them. */
export function parseTrailers(list: readonly string[], limits: HeadLimits): FieldList | Refusal {
  const trailers: string[] = [];
  let size = 0;
  for (let i = 0; i < list.length; i += 2) {
    const name = list[i]!;
    const value = list[i + 1]!;
    const refusal = judgeField(name, value, limits);
    if (refusal !== null) return refusal;
    if (FORBIDDEN_TRAILERS.has(name)) return new Refusal(400, `field not allowed as a trailer: ${name}`);
    size += name.length + value.length;
    trailers.push(name, trimmed(value));
  }
  if (size > limits.limitRequestHead || list.length > 2 * limits.limitRequestFields)
    return new Refusal(431, 'trailer section too long');
  return trailers;
}
