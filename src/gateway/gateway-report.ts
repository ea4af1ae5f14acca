/** What a gateway says of itself to operators (`vivarium status`). */
import type { Applications } from '../apps/applications.ts';
import type { GatewayReport } from '../control/messages.ts';
import { countConnections } from './connection-counts.ts';
import type { Listener } from './listener.ts';

/** `requests`: since the gateway was started. */
export function gatewayReport(
  listeners: readonly Listener[],
  requests: number,
  hosted: Applications,
): GatewayReport {
  const applications = [...hosted];
  const workers = applications.flatMap((application) => [...application.workers.values()]);
  return {
    connections: countConnections(listeners).open,
    requests,
    queued: Object.fromEntries(applications.map(({ name, queue }) => [name, queue.length])),
    workers: workers.map(({ identity, load, answeredTotal }) => ({
      worker: identity.worker,
      inFlight: load,
      answered: answeredTotal,
    })),
  };
}
