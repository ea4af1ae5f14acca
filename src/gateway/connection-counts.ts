/** The connections of several listeners, counted for the metrics and the status page. */
import type { ConnectionCounts } from '../admin/families.ts';
import type { Listener } from './listener.ts';

export function countConnections(listeners: readonly Listener[]): ConnectionCounts {
  const sum = (figure: (listener: Listener) => number) =>
    listeners.reduce((total, listener) => total + figure(listener), 0);
  return {
    open: sum(({ connections }) => connections),
    accepted: sum(({ accepted }) => accepted),
    turnedAway: sum(({ turnedAway }) => turnedAway),
    limited: sum(({ limited }) => limited),
  };
}
