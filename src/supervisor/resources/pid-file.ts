/**
 * A file that names the process of a running instance: the operator's pid file, and the lock of the server root.
 * It appears whole or not at all, and a process that died without removing it does not stand in the way.
 */
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { errorCode, reasonOf, StartupError } from '../startup-error.ts';

export class PidFile {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  /** `what` names the file in a refusal: "pid file". Throws StartupError when another live process owns it. */
  static create(path: string, what: string): PidFile {
    refuseWhenOwned(path, what);
    const draft = `${path}.${process.pid}`;
    try {
      writeFileSync(draft, `${process.pid}\n`, { mode: 0o644 });
      publish(draft, path, what);
    } catch (error) {
      if (error instanceof StartupError) throw error;
      throw new StartupError(`cannot write the ${what} ${path}: ${reasonOf(error)}`);
    } finally {
      rmSync(draft, { force: true });
    }
    return new PidFile(path);
  }

  /** Only while it is still ours: another instance may have taken it over. */
  remove(): void {
    if (readPid(this.#path) === process.pid) rmSync(this.#path, { force: true });
  }
}

/** A link fails when somebody else was faster; a file that is in the way is stale by now and is replaced. */
function publish(draft: string, path: string, what: string): void {
  try {
    linkSync(draft, path);
  } catch (error) {
    // Some file systems have no hard links; there, and over a stale file, a rename is as whole.
    if (errorCode(error) === 'EEXIST') refuseWhenOwned(path, what);
    renameSync(draft, path);
  }
}

function refuseWhenOwned(path: string, what: string): void {
  const pid = readPid(path);
  if (pid === null || pid === process.pid || !isAlive(pid)) return;
  throw new StartupError(
    `the ${what} ${path} names process ${pid}, which is running: is this server already started? ` +
      'If that process is another program, remove the file.',
  );
}

function readPid(path: string): number | null {
  try {
    const pid = Number(readFileSync(path, 'latin1').trim());
    return Number.isSafeInteger(pid) && pid > 0 ? pid : null;
  } catch {
    return null;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}
