/** The features that change what the routes behind them see, in their order. */
import type { FeatureSettings } from '../../config/sections/features.ts';
import type { Middleware } from '../../handler.ts';
import { requestHeaders } from '../request-headers/request-headers.ts';
import { rewrite } from './rewrite.ts';

/** Null when there are none. */
export function rewriting({ 'request-headers': headers, rewrite: rule }: FeatureSettings): Middleware | null {
  const changed = headers === null ? null : requestHeaders(headers);
  const rewritten = rule === null ? null : rewrite(rule);
  if (changed === null || rewritten === null) return changed ?? rewritten;
  return (next) => changed(rewritten(next));
}
