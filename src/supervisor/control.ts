/** What the commands of the control socket do. The server root, the socket and the registry are all of this instance. */

import type { ControlRequest, LastAnswer, ServerStatus } from '../control/protocol.ts';
import { registerInstance, registryDirectories } from '../control/registry.ts';
import type { Log } from '../telemetry/log.ts';
import { ControlSocket } from './control-socket.ts';
import type { ReloadOutcome } from './reloads.ts';
import type { ServerRoot } from './server-root.ts';

/** The server as a command sees it. */
export interface ControlledServer {
  status(): Promise<ServerStatus>;
  /** Resolves when the reload has ended. */
  reload(): Promise<ReloadOutcome>;
  /** Resolves when a new gateway and new workers serve, or cannot. */
  restart(): Promise<ReloadOutcome>;
  /** Resolves when all processes have ended. */
  stop(now: boolean): Promise<void>;
}

export class Control {
  readonly #socket: ControlSocket;
  readonly #unregister: (() => void) | null;

  constructor(server: ControlledServer, { path, controlSocketPath }: ServerRoot, log: Log) {
    this.#socket = new ControlSocket(
      controlSocketPath,
      (request, progress) => carryOut(server, request, progress),
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
  progress: (text: string) => void,
): Promise<LastAnswer> {
  switch (request.command) {
    case 'status':
      return { done: true, ok: true, status: await server.status() };
    case 'reload':
      progress('reloading: the new workers are started first');
      return { done: true, ...(await server.reload()) };
    case 'restart':
      progress('restarting: a new gateway and new workers are started first');
      return { done: true, ...(await server.restart()) };
    case 'stop':
      progress(request.now ? 'stopping at once' : 'stopping: requests are finished first');
      await server.stop(request.now);
      return { done: true, ok: true, detail: 'all processes have ended' };
  }
}
