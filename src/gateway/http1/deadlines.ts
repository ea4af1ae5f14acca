/** How long a connection may take for what it is doing. */
import type { HttpSettings } from '../../config/configuration.ts';
import { bodyDeadline } from '../body-deadline.ts';

export type Phase = 'idle' | 'head' | 'body' | 'answering' | 'lingering';

/** A head or body that keeps coming at the minimum rate is given more time (Apache's RequestReadTimeout). */
export function earnedDeadline(
  settings: HttpSettings,
  phase: Phase,
  since: number,
  deadline: number,
  receivedBytes: number,
): number {
  if (phase === 'body') return bodyDeadline(settings, since, receivedBytes);
  if (phase !== 'head') return deadline;
  const { headerMinRate, headerMaxTimeoutMs } = settings;
  const earnedMs = headerMinRate > 0 ? (receivedBytes / headerMinRate) * 1000 : 0;
  const latest = headerMaxTimeoutMs > 0 ? since + headerMaxTimeoutMs : Number.POSITIVE_INFINITY;
  return Math.min(deadline + earnedMs, latest);
}
