/**
 * The sockets of commands. One that a command inherits is ours: when the command dies, it stays open, clients wait in
 * its queue, and the command that takes the place gets the same one.
 */
import { chmodSync, chownSync, linkSync, rmSync } from 'node:fs';
import { BoundSocket } from 'node:net';
import type { CommandTarget } from '../../config/configuration.ts';
import { bindPath } from './listening-sockets.ts';
import type { Identity } from './privileges.ts';

const LOOPBACK = '127.0.0.1';

export interface CommandSocket {
  /** Of a Unix socket; null for TCP. */
  readonly path: string | null;
  /** On the loopback address; 0 for a Unix socket. */
  readonly port: number;
  /** To be inherited; null: the command binds it by itself. */
  readonly fd: number | null;
  close(): void;
}

/** Which processes may take over a socket of each other. */
export interface SocketUse {
  readonly application: string;
  readonly generation: number;
}

interface Left extends SocketUse {
  readonly socket: CommandSocket;
}

export class CommandSockets {
  /** Who may connect; null: this user. */
  readonly #owner: Identity | null;
  /** Those whose command has died. */
  #left: Left[] = [];

  constructor(owner: Identity | null) {
    this.#owner = owner;
  }

  /** `path`: where a Unix socket may be. Throws what the system says. */
  open(kind: CommandTarget['socket'], use: SocketUse, path: string): CommandSocket {
    if (kind === 'port') return { path: null, port: freePort(), fd: null, close: () => {} };
    if (kind === 'path') {
      rmSync(path, { force: true });
      return { path, port: 0, fd: null, close: () => rmSync(path, { force: true }) };
    }
    return this.#takeLeft(use) ?? this.#bind(path);
  }

  /** Its command has died, and another one will take its place. */
  leave(socket: CommandSocket, use: SocketUse): void {
    if (socket.fd === null) socket.close();
    else this.#left.push({ ...use, socket });
  }

  /** Of all that are left: those of the generations before this one. */
  forget({ application, generation }: SocketUse): void {
    this.#closeLeft((left) => left.application === application && left.generation < generation);
  }

  close(): void {
    this.#closeLeft(() => true);
  }

  #takeLeft(use: SocketUse): CommandSocket | null {
    const at = this.#left.findIndex(
      ({ application, generation }) => application === use.application && generation === use.generation,
    );
    return at < 0 ? null : this.#left.splice(at, 1)[0]!.socket;
  }

  /** Servers like gunicorn remove the file that a socket is bound to when they end. `path` is another name of it. */
  #bind(path: string): CommandSocket {
    const bound = path.replace(/\.sock$/, '.own');
    for (const name of [path, bound]) rmSync(name, { force: true });
    const socket = bindPath(bound);
    chmodSync(bound, 0o600);
    if (this.#owner !== null) chownSync(bound, this.#owner.uid, this.#owner.gid);
    linkSync(bound, path);
    const close = () => {
      socket.close();
      for (const name of [path, bound]) rmSync(name, { force: true });
    };
    return { path, port: 0, fd: socket.fd(), close };
  }

  #closeLeft(isOver: (left: Left) => boolean): void {
    for (const left of this.#left) if (isOver(left)) left.socket.close();
    this.#left = this.#left.filter((left) => !isOver(left));
  }
}

/** Nobody promises that it stays free until the command binds it; then that fails, and another one is tried. */
function freePort(): number {
  const socket = new BoundSocket({ host: LOOPBACK, port: 0 });
  const { port } = socket.address();
  socket.close();
  return port;
}
