/**
 * What ACME leaves on disk, below a directory of 0700: the key of the account, and of each host its certificate and key.
 * Each server has a folder of its own, so that one for trials does not get into the way of the real one.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SignedKey } from '../x509.ts';
import { AccountKey } from './jws.ts';

export class AcmeStore {
  readonly #folder: string;

  /** @throws when the folder cannot be made */
  constructor(storage: string, directoryUrl: string) {
    const { host, pathname } = new URL(directoryUrl);
    this.#folder = join(storage, `${host}${pathname}`.replace(/[^\w.-]+/g, '-'));
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
  }

  /** The one that is there, or a new one. */
  accountKey(): AccountKey {
    const kept = this.#read('account.key');
    if (kept !== null) return new AccountKey(kept);
    const pem = AccountKey.make();
    this.#write('account.key', pem);
    return new AccountKey(pem);
  }

  fileOf(name: string): string {
    return join(this.#folder, `${name}.pem`);
  }

  /** One file, so that both halves are always of one piece. */
  save(name: string, { certificate, key }: SignedKey): void {
    this.#write(`${name}.pem`, `${key}${certificate}`);
  }

  /** Null when there is none. */
  load(name: string): string | null {
    return this.#read(`${name}.pem`);
  }

  #read(file: string): string | null {
    try {
      return readFileSync(join(this.#folder, file), 'latin1');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  }

  #write(file: string, content: string): void {
    const path = join(this.#folder, file);
    const fresh = `${path}.${process.pid}`;
    writeFileSync(fresh, content, { mode: 0o600 });
    renameSync(fresh, path);
  }
}
