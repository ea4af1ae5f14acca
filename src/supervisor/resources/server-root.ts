/**
 * The server root: a private directory (0700, and 0711 where workers have other users than the gateway) for the workers' socket, the ledgers of started requests and temporary
 * files. One instance owns it at a time; what an instance that was killed left behind is removed at the start.
 */
import {
  chmodSync,
  chownSync,
  closeSync,
  fchownSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  type Stats,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { CONTROL_SOCKET } from '../../control/protocol.ts';
import { errorCode, reasonOf, StartupError } from '../startup-error.ts';
import { PidFile } from './pid-file.ts';
import type { Identity } from './privileges.ts';
import { SOCKET_PATH_BYTES_MAX } from './socket-address.ts';

const LEDGER_KEPT_MS = 60_000;

export class ServerRoot {
  readonly path: string;
  readonly controlSocketPath: string;
  readonly #isOurs: boolean;
  readonly #lock: PidFile;

  private constructor(path: string, isOurs: boolean, lock: PidFile) {
    this.path = path;
    this.controlSocketPath = join(path, CONTROL_SOCKET);
    this.#isOurs = isOurs;
    this.#lock = lock;
  }

  /** Gateways and workers run as `owner`, so the directory is theirs; null: as this process. */
  static create(path: string, owner: Identity | null): ServerRoot {
    refuseLongPath(join(path, 'workers-000.sock'), path);
    try {
      const isMade = make(path);
      refuseForeign(path, lstatSync(path), owner);
      const lock = PidFile.create(join(path, 'supervisor.pid'), 'lock of the server root');
      chmodSync(path, 0o700);
      if (owner !== null) chownSync(path, owner.uid, owner.gid);
      removeLeftovers(path);
      return new ServerRoot(path, isMade, lock);
    } catch (error) {
      if (error instanceof StartupError) throw error;
      throw new StartupError(`cannot use ${path} as server root: ${reasonOf(error)}`);
    }
  }

  ledgerPath(worker: number): string {
    return join(this.path, `worker-${worker}.started`);
  }

  /** For a worker of another user, who may make no files here. The gateway reads it. */
  makeLedger(worker: number, owner: Identity): void {
    chmodSync(this.path, 0o711);
    const path = this.ledgerPath(worker);
    // Not one that somebody has put there: the directory need not be ours.
    rmSync(path, { force: true });
    const fd = openSync(path, 'wx', 0o644);
    fchownSync(fd, owner.uid, owner.gid);
    closeSync(fd);
  }

  /** After its worker has ended: the gateway still looks up there which requests the worker had started. */
  retireLedger(worker: number): void {
    setTimeout(() => rmSync(this.ledgerPath(worker), { force: true }), LEDGER_KEPT_MS).unref();
  }

  /** Where a command is reached by its gateway. */
  commandSocketPath(worker: number): string {
    return join(this.path, `cmd-${worker}.sock`);
  }

  /** Where the workers of a stack find their gateway. */
  workerSocketPath(stack: number): string {
    return join(this.path, `workers-${stack}.sock`);
  }

  /** A gateway that was killed leaves its socket file; the next one must be able to bind. */
  removeWorkerSocket(stack: number): void {
    rmSync(this.workerSocketPath(stack), { force: true });
  }

  /** Leaves a directory that was there before us, and one that holds `logDirectory`. */
  remove(logDirectory: string | null): void {
    removeLeftovers(this.path);
    this.#lock.remove();
    const holdsLogs = logDirectory !== null && !relative(this.path, logDirectory).startsWith('..');
    if (this.#isOurs && !holdsLogs) rmSync(this.path, { recursive: true, force: true });
  }
}

/** True when it was not there before. */
function make(path: string): boolean {
  mkdirSync(dirname(path), { recursive: true });
  try {
    mkdirSync(path, { mode: 0o700 });
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/** In a directory that all may write, such as /tmp, somebody else may have been there first. */
function refuseForeign(path: string, stats: Stats, owner: Identity | null): void {
  if (!stats.isDirectory()) throw new StartupError(`the server root ${path} is not a directory`);
  const uid = process.getuid!();
  if (stats.uid === uid || stats.uid === owner?.uid) return;
  throw new StartupError(
    `the server root ${path} belongs to uid ${stats.uid}, and the server was started by uid ${uid}: ` +
      'name another with --server-root',
  );
}

function removeLeftovers(path: string): void {
  for (const name of readdirSync(path)) {
    if (name === CONTROL_SOCKET || /^(workers-\d+\.sock|cmd-\d+\.(sock|own)|worker-\d+\.started)$/.test(name))
      rmSync(join(path, name), { force: true });
  }
}

function refuseLongPath(socketPath: string, path: string): void {
  const bytes = Buffer.byteLength(socketPath);
  if (bytes <= SOCKET_PATH_BYTES_MAX) return;
  throw new StartupError(
    `the server root ${path} is too long: the socket in it, ${socketPath}, has ${bytes} bytes, ` +
      `and the path of a Unix socket can have ${SOCKET_PATH_BYTES_MAX}`,
  );
}
