/** The requests that several gateways have in hand, as one list: after a reload the old one finishes its own. */
import type { RequestsInFlight } from '../../control/messages.ts';

type Answer = RequestsInFlight | null;

/** Null when the present gateway does not say. One that retires may just have ended. */
export function mergeRequests(current: Answer, retiring: readonly Answer[]): Answer {
  if (current === null) return null;
  const all = [current, ...retiring].filter((answer) => answer !== null);
  return {
    total: all.reduce((sum, { total }) => sum + total, 0),
    oldest: all.flatMap(({ oldest }) => oldest).sort((a, b) => b.ageMs - a.ageMs),
  };
}
