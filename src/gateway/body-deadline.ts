/** Until when a request body that keeps coming at the minimum rate must be whole (Apache's RequestReadTimeout). */
import type { HttpSettings } from '../config/configuration.ts';

/** `since`: performance.now() when it began; `receivedBytes` since then. */
export function bodyDeadline(settings: HttpSettings, since: number, receivedBytes: number): number {
  const { bodyTimeoutMs, bodyMaxTimeoutMs, bodyMinRate } = settings;
  const earnedMs = bodyMinRate > 0 ? (receivedBytes / bodyMinRate) * 1000 : 0;
  const latest = bodyMaxTimeoutMs > 0 ? since + bodyMaxTimeoutMs : Number.POSITIVE_INFINITY;
  return Math.min(since + bodyTimeoutMs + earnedMs, latest);
}
