/**
 * What an instance holds while it runs: the error log, the server root, the pid file and the listening sockets. They are
 * taken in that order and given back in the reverse one, also when taking one of them fails.
 */
import { chownSync, closeSync, mkdirSync } from 'node:fs';
import type { Configuration, LogSettings } from '../../config/configuration.ts';
import { reasonOf, StartupError } from '../startup-error.ts';
import { ErrorLog } from './error-log.ts';
import { openLogFile } from './log-file.ts';
import { accessLogFiles } from './log-files.ts';
import { PidFile } from './pid-file.ts';
import { findIdentity, type Identity } from './privileges.ts';
import { ServerRoot } from './server-root.ts';
import { SocketSet } from './socket-set.ts';

export class Resources {
  readonly identity: Identity | null;
  readonly errorLog: ErrorLog;
  readonly serverRoot: ServerRoot;
  readonly sockets = new SocketSet();
  readonly #giveBack: (() => void)[];

  private constructor(
    identity: Identity | null,
    errorLog: ErrorLog,
    serverRoot: ServerRoot,
    giveBack: (() => void)[],
  ) {
    this.identity = identity;
    this.errorLog = errorLog;
    this.serverRoot = serverRoot;
    this.#giveBack = giveBack;
  }

  /** Throws StartupError, and has given everything back then. */
  static async acquire(configuration: Configuration): Promise<Resources> {
    const { logs, pidFile } = configuration;
    const giveBack: (() => void)[] = [];
    try {
      const identity = findIdentity(configuration.user, configuration.group);
      if (logs.directory !== null) makeLogDirectory(logs.directory, identity);
      const errorLog = new ErrorLog(logs.directory, identity);
      giveBack.push(() => errorLog.close());
      const serverRoot = ServerRoot.create(configuration.serverRoot, identity);
      giveBack.push(() => serverRoot.remove(logs.directory));
      if (pidFile !== null) {
        const file = PidFile.create(pidFile, 'pid file');
        giveBack.push(() => file.remove());
      }
      const resources = new Resources(identity, errorLog, serverRoot, giveBack);
      await resources.sockets.open(configuration);
      return resources;
    } catch (error) {
      for (const step of giveBack.reverse()) step();
      throw error;
    }
  }

  /** So that gateways can open them. When one cannot be prepared they say why they cannot open it. */
  prepareAccessLogs(logs: LogSettings): void {
    if (this.identity === null) return;
    for (const file of accessLogFiles(logs)) {
      try {
        closeSync(openLogFile(file, this.identity));
      } catch {
        // It may still be a file that they can open.
      }
    }
  }

  release(): void {
    this.sockets.close();
    for (const step of this.#giveBack.splice(0).reverse()) step();
  }
}

/** One that we make belongs to the user that gateways run as. */
function makeLogDirectory(path: string, identity: Identity | null): void {
  try {
    const isMade = mkdirSync(path, { recursive: true }) !== undefined;
    if (isMade && identity !== null) chownSync(path, identity.uid, identity.gid);
  } catch (error) {
    throw new StartupError(`cannot make the log directory ${path}: ${reasonOf(error)}`);
  }
}
