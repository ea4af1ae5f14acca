/** Until when a request body that keeps coming at the minimum rate must be whole (Apache's RequestReadTimeout). */
import { BodyError } from '../body-error.ts';
import type { HttpSettings } from '../config/configuration.ts';
import type { StreamedBody } from './streamed-body.ts';

/** `since`: performance.now() when it began; `receivedBytes` since then. */
export function bodyDeadline(settings: HttpSettings, since: number, receivedBytes: number): number {
  const { bodyTimeoutMs, bodyMaxTimeoutMs, bodyMinRate } = settings;
  const earnedMs = bodyMinRate > 0 ? (receivedBytes / bodyMinRate) * 1000 : 0;
  const latest = bodyMaxTimeoutMs > 0 ? since + bodyMaxTimeoutMs : Number.POSITIVE_INFINITY;
  return Math.min(since + bodyTimeoutMs + earnedMs, latest);
}

/** Of a body that is handed on while it arrives only the time counts in which somebody waits for the client. */
export function checkPace(body: StreamedBody, settings: HttpSettings, now: number): void {
  if (body.isWanted && body.waitedMs(now) >= bodyDeadline(settings, 0, body.received))
    body.fail(new BodyError(408, 'the request body took longer than body-timeout'));
}
