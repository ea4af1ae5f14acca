/**
 * GatewayHandle: the supervisor's end of a gateway process (gateway/main.ts is the other one). The gateway inherits the
 * listening sockets as descriptors and talks to us over Node's IPC channel; when that closes it stops by itself.
 */
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { InheritedListener, ToGateway, ToSupervisor } from '../../control/messages.ts';
import type { Identity } from '../resources/privileges.ts';
import type { ServerSocket } from '../resources/socket-set.ts';
import { type ChildEnd, startChild } from './child-process.ts';
import type { OutOfMemoryWatch } from './exit-cause.ts';

/** In src in a checkout, in dist in the package. */
export const GATEWAY_PROGRAM = fileURLToPath(new URL('../../main.js', import.meta.url));

/** 0 to 2 are the standard streams, 3 is the IPC channel. */
const FIRST_LISTENER_FD = 4;

export function inheritedListeners(sockets: readonly ServerSocket[]): InheritedListener[] {
  return sockets.map(({ url, path, role, tls, proxied, protocol }, index) => ({
    fd: FIRST_LISTENER_FD + index,
    url,
    path,
    role,
    tls,
    proxied,
    protocol,
  }));
}

export interface GatewayStart {
  readonly program: string;
  readonly sockets: readonly ServerSocket[];
  /** Null: as this process. */
  readonly identity: Identity | null;
  readonly outputFd: number;
  readonly errorFd: number;
}

export interface GatewayEvents {
  message(message: ToSupervisor): void;
  ended(end: ChildEnd): void;
}

export class GatewayHandle {
  readonly #child: ChildProcess | null;

  constructor(start: GatewayStart, outOfMemory: OutOfMemoryWatch, events: GatewayEvents) {
    const fds = start.sockets.map(({ fd }) => fd);
    // SIGUSR1 would open Node's debugger, and node:ffi (base/foreign-functions.ts) says of itself that it is experimental.
    const options = ['--disable-sigusr1', '--disable-warning=ExperimentalWarning'];
    const args = [...process.execArgv, ...options, start.program, 'vivarium-gateway'];
    const spawning: SpawnOptions = {
      stdio: ['ignore', start.outputFd, start.errorFd, 'ipc', ...fds],
      // A session of its own: Ctrl-C in the terminal is for the supervisor alone.
      detached: true,
      ...start.identity,
    };
    this.#child = startChild(process.execPath, args, spawning, outOfMemory, events.ended);
    this.#child?.on('message', (message) => events.message(message as ToSupervisor));
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  get label(): string {
    const pid = this.#child?.pid;
    return pid === undefined ? 'the gateway' : `the gateway (pid ${pid})`;
  }

  /** A message to a gateway that is dying is lost; its successor is told everything anew. */
  send(message: ToGateway): void {
    if (this.#child?.connected) this.#child.send(message, () => {});
  }

  terminate(): void {
    this.#child?.kill('SIGTERM');
  }

  kill(): void {
    this.#child?.kill('SIGKILL');
  }
}
