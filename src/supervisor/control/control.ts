/** What the commands of the control socket do. The server root, the socket and the registry are all of this instance. */

import type { ProcessRange } from '../../config/configuration.ts';
import type { CachePurge, PurgeReport, RequestsInFlight } from '../../control/messages.ts';
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
    case 'stop':
      client.progress(request.now ? 'stopping at once' : 'stopping: requests are finished first');
      await server.stop(request.now);
      return { done: true, ok: true, detail: 'all processes have ended' };
  }
}

function purged(report: PurgeReport | null): LastAnswer {
  if (report === null) return { done: true, ok: false, why: 'the gateway does not answer' };
  if (report.caches === 0)
    return { done: true, ok: false, why: 'nothing is cached here: no cache in the configuration' };
  return { done: true, ok: true, detail: `${report.purged} ${report.purged === 1 ? 'answer' : 'answers'}` };
}
