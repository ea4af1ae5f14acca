/** Metrics of the servers behind proxy routes. */
import type { UpstreamReport } from '../control/messages.ts';
import type { Family } from './exposition.ts';
import { counter, each, gauge } from './family.ts';

const STATES = ['up', 'failing', 'unhealthy', 'draining', 'disabled'] as const;

export function upstreamFamilies(upstreams: readonly UpstreamReport[]): Family[] {
  const servers = upstreams.flatMap(({ upstream, servers }) => servers.map((one) => ({ ...one, upstream })));
  type Server = (typeof servers)[number];
  const labels = ({ upstream, server }: Server) => ({ upstream, server });
  const ofServers = (value: (server: Server) => number) => each(servers, labels, value);
  return [
    gauge(
      'vivarium_upstream_queue_length',
      'Requests that wait for a server with room',
      each(
        upstreams,
        ({ upstream }) => ({ upstream }),
        ({ queued }) => queued,
      ),
    ),
    gauge(
      'vivarium_upstream_server_state',
      'Whether a server is in this state',
      servers.flatMap((server) =>
        STATES.map((state) => ({
          labels: { ...labels(server), state },
          value: Number(server.state === state),
        })),
      ),
    ),
    gauge(
      'vivarium_upstream_requests_in_flight',
      'Requests that a server has and has not answered',
      ofServers(({ busy }) => busy),
    ),
    gauge(
      'vivarium_upstream_idle_connections',
      'Connections that are kept for the next request',
      ofServers(({ idleConnections }) => idleConnections),
    ),
    counter(
      'vivarium_upstream_requests',
      'Requests that were sent to a server',
      ofServers(({ requests }) => requests),
    ),
    counter(
      'vivarium_upstream_failures',
      'Requests that a server has failed to answer',
      ofServers(({ failures }) => failures),
    ),
  ];
}
