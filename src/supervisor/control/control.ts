/** What the commands of the control socket do. The server root, the socket and the registry are all of this instance. */

import type { ProcessRange } from '../../config/configuration.ts';
import type {
  CachePurge,
  PurgeReport,
  RequestsInFlight,
  UpstreamChange,
  UpstreamReport,
} from '../../control/messages.ts';
import type { ControlRequest, LastAnswer, ServerStatus } from '../../control/protocol.ts';
import { registerInstance, registryDirectories } from '../../control/registry.ts';
import type { Log } from '../../telemetry/log.ts';
import type { ReloadOutcome } from '../pool/reloads.ts';
import type { ServerRoot } from '../resources/server-root.ts';
import { type ControlClient, ControlSocket } from './control-socket.ts';
import type { EventFeed } from './event-feed.ts';

/** The server as a command sees it. */
export interface ControlledServer {
  readonly events: EventFeed;
  status(): Promise<ServerStatus>;
  /** Null when the gateway does not say. */
  requests(withStacks: boolean): Promise<RequestsInFlight | null>;
  /** Resolves when the reload has ended. `application`: null for all of them, and the settings. */
  reload(application: string | null): Promise<ReloadOutcome>;
  /** Resolves when a new gateway and new workers serve, or cannot. */
  restart(): Promise<ReloadOutcome>;
  /** Resolves when so many workers serve, or when one of them cannot. */
  scale(application: string | null, range: ProcessRange): Promise<ReloadOutcome>;
  /** Resolves when all gateways have forgotten; null when one does not say. */
  purge(purge: CachePurge): Promise<PurgeReport | null>;
  /** How the upstreams do, after the change. Null when the gateway does not say. */
  upstreams(change: UpstreamChange | null): Promise<readonly UpstreamReport[] | null>;
  /** Resolves when all processes have ended. */
  stop(now: boolean): Promise<void>;
}

export class Control {
  readonly #socket: ControlSocket;
  readonly #unregister: (() => void) | null;

  constructor(server: ControlledServer, { path, controlSocketPath }: ServerRoot, log: Log) {
    this.#socket = new ControlSocket(
      controlSocketPath,
      (request, client) => carryOut(server, request, client),
      log,
    );
    const directories = registryDirectories(process.env.XDG_RUNTIME_DIR, process.getuid!());
    this.#unregister = registerInstance(directories, { pid: process.pid, serverRoot: path });
    if (this.#unregister === null)
      log.info('not-registered', `commands need --server-root ${path} to find this server`);
  }

  close(): void {
    this.#unregister?.();
    this.#socket.close();
  }
}

export async function carryOut(
  server: ControlledServer,
  request: ControlRequest,
  client: ControlClient,
): Promise<LastAnswer> {
  switch (request.command) {
    case 'status':
      return { done: true, ok: true, status: await server.status() };
    case 'ps': {
      const requests = await server.requests(request.stacks);
      if (requests === null) return { done: true, ok: false, why: 'the gateway does not answer' };
      return { done: true, ok: true, requests };
    }
    case 'events':
      for (const event of server.events.newest(request.recent)) client.event(event);
      if (request.follow) await server.events.follow(client.event, client.gone);
      return { done: true, ok: true };
    case 'reload':
      client.progress('reloading: the new workers are started first');
      return { done: true, ...(await server.reload(request.application)) };
    case 'restart':
      client.progress('restarting: a new gateway and new workers are started first');
      return { done: true, ...(await server.restart()) };
    case 'scale':
      return {
        done: true,
        ...(await server.scale(request.application, { min: request.min, max: request.max })),
      };
    case 'purge':
      return purged(await server.purge(request.purge));
    case 'upstreams':
      return upstreamsOf(server, request);
    case 'stop':
      client.progress(request.now ? 'stopping at once' : 'stopping: requests are finished first');
      await server.stop(request.now);
      return { done: true, ok: true, detail: 'all processes have ended' };
  }
}

/** A change that would change nothing is a mistake of the operator. */
async function upstreamsOf(
  server: ControlledServer,
  { upstream: name, change }: Extract<ControlRequest, { command: 'upstreams' }>,
): Promise<LastAnswer> {
  const meant = (reports: readonly UpstreamReport[]) =>
    reports.filter(({ upstream }) => name === null || upstream === name);
  const reports = await server.upstreams(null);
  if (reports === null) return { done: true, ok: false, why: 'the gateway does not answer' };
  if (name !== null && meant(reports).length === 0) {
    const allowed = reports.map(({ upstream }) => upstream).join(', ') || 'none: no route has a proxy';
    return { done: true, ok: false, why: `no upstream ${JSON.stringify(name)}; allowed: ${allowed}` };
  }
  if (change === null) return { done: true, ok: true, upstreams: meant(reports) };
  const servers = new Set(meant(reports).flatMap((one) => one.servers.map(({ server }) => server)));
  if (!servers.has(change.server)) {
    const allowed = [...servers].join(', ') || 'none: there are no servers';
    return { done: true, ok: false, why: `no server ${JSON.stringify(change.server)}; allowed: ${allowed}` };
  }
  const after = await server.upstreams({ upstream: name, ...change });
  if (after === null) return { done: true, ok: false, why: 'the gateway does not answer' };
  return { done: true, ok: true, upstreams: meant(after) };
}

function purged(report: PurgeReport | null): LastAnswer {
  if (report === null) return { done: true, ok: false, why: 'the gateway does not answer' };
  if (report.caches === 0)
    return { done: true, ok: false, why: 'nothing is cached here: no cache in the configuration' };
  return { done: true, ok: true, detail: `${report.purged} ${report.purged === 1 ? 'answer' : 'answers'}` };
}
