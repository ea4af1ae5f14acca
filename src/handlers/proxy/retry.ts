/** When another server may be asked: nginx's proxy_next_upstream, with its tries and its time. */
import type { RetrySettings } from '../../config/sections/proxy.ts';
import type { Failure } from '../../upstreams/failure.ts';

/** RFC 9110, section 9.2.2. */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

export function isIdempotent(method: string): boolean {
  return IDEMPOTENT.has(method);
}

/** `tries`: servers that have been asked. `since`: performance.now() at the first. */
export function mayRetryFailure(
  settings: RetrySettings,
  { kind }: Failure,
  tries: number,
  since: number,
): boolean {
  const isReason = kind === 'timeout' ? settings.onTimeout : settings.onError;
  return isReason && mayRetryStatus(settings, tries, since);
}

export function mayRetryStatus(
  { triesMax, timeoutMs }: RetrySettings,
  tries: number,
  since: number,
): boolean {
  if (triesMax > 0 && tries >= triesMax) return false;
  return timeoutMs === 0 || performance.now() - since < timeoutMs;
}
