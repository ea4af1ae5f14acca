/** Does an answer name another path of this server, whose answer is to take its place? */
import type { ProxySettings } from '../../config/sections/proxy.ts';
import type { FieldList } from '../../exchange.ts';
import type { UpstreamHead } from '../../protocols/http1/response-reading.ts';

export interface RedirectTarget {
  /** Path and query. */
  readonly target: string;
  /** Fields that are passed on with the other answer. */
  readonly kept: FieldList;
}

/** What nginx keeps with X-Accel-Redirect. */
const KEPT = new Set(['content-type', 'content-disposition', 'set-cookie', 'cache-control', 'expires']);

export function redirectTarget(
  { internalRedirect: name }: ProxySettings,
  head: UpstreamHead,
): RedirectTarget | null {
  if (name === 'location')
    return head.localRedirect === null ? null : { target: head.localRedirect, kept: [] };
  if (name === 'off' || head.status !== 200) return null;
  const { fields } = head;
  const at = fields.findIndex((field, i) => i % 2 === 0 && field.toLowerCase() === name);
  const target = at < 0 ? '' : fields[at + 1]!;
  // A whole URL is for the client, as it is with Location.
  if (!target.startsWith('/')) return null;
  return { target, kept: fields.filter((_, i) => KEPT.has(fields[i - (i % 2)]!.toLowerCase())) };
}
