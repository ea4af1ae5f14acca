/**
 * Checks passwords in a thread of their own: bcrypt takes a tenth of a second, in which no other request would be
 * served. Few may wait for it, and few of one client, so that whoever tries passwords keeps nobody else from signing in.
 */
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';

/** Number, hash and password of a check; the answer is its number and whether it is right. */
export type Question = readonly [id: number, hash: string, password: Uint8Array];
export type Answer = readonly [id: number, accepted: boolean];

const WAITING_MAX = 64;
const WAITING_MAX_OF_CLIENT = 8;

interface Waiting {
  readonly client: string;
  readonly done: (accepted: boolean) => void;
}

export class PasswordChecks {
  readonly #program: URL;
  #thread: Worker | null = null;
  #waiting = new Map<number, Waiting>();
  readonly #ofClients = new Map<string, number>();
  #lastId = 0;

  constructor(program = new URL(`./password-thread${extname(import.meta.url)}`, import.meta.url)) {
    this.#program = program;
  }

  /** False: too many wait, and `done` will not be called. `client`: whose check it is. */
  check(hash: string, password: Buffer, client: string, done: (accepted: boolean) => void): boolean {
    const ofClient = this.#ofClients.get(client) ?? 0;
    if (this.#waiting.size >= WAITING_MAX || ofClient >= WAITING_MAX_OF_CLIENT) return false;
    this.#ofClients.set(client, ofClient + 1);
    const id = ++this.#lastId;
    this.#waiting.set(id, { client, done });
    this.#thread ??= this.#start();
    this.#thread.postMessage([id, hash, password] satisfies Question);
    return true;
  }

  close(): void {
    void this.#thread?.terminate();
  }

  #start(): Worker {
    const thread = new Worker(this.#program);
    thread.unref();
    thread.on('message', ([id, accepted]: Answer) => this.#finish(id, accepted));
    thread.on('error', () => {});
    // Never but for want of memory. The next check starts another one.
    thread.on('exit', () => {
      this.#thread = null;
      for (const id of [...this.#waiting.keys()]) this.#finish(id, false);
    });
    return thread;
  }

  #finish(id: number, accepted: boolean): void {
    const { client, done } = this.#waiting.get(id)!;
    this.#waiting.delete(id);
    const left = this.#ofClients.get(client)! - 1;
    if (left === 0) this.#ofClients.delete(client);
    else this.#ofClients.set(client, left);
    done(accepted);
  }
}
