/**
 * What a file says, kept up to date: it is looked at once a second, and read again when it has changed. While it is
 * gone or cannot be understood, what it said before holds.
 */
import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import { readFile } from 'node:fs/promises';

const LOOK_MS = 1_000;

export interface FollowedFileOptions<T> {
  /** Throws when the content makes no sense. */
  readonly parse: (content: Buffer) => T;
  /** It has changed and been read. */
  readonly onRead?: (value: T) => void;
  /** It has changed, and what it said before goes on. */
  readonly onProblem: (why: string) => void;
}

export class FollowedFile<T> {
  readonly #path: string;
  readonly #options: FollowedFileOptions<T>;
  #value: T;

  /** Throws when the file cannot be read. `path`: absolute. */
  constructor(path: string, options: FollowedFileOptions<T>) {
    this.#path = path;
    this.#options = options;
    this.#value = options.parse(readFileSync(path));
    watchFile(path, { interval: LOOK_MS, persistent: false }, this.#onChange);
  }

  get value(): T {
    return this.#value;
  }

  close(): void {
    unwatchFile(this.#path, this.#onChange);
  }

  readonly #onChange = (): void => {
    void this.#read();
  };

  async #read(): Promise<void> {
    const { parse, onRead, onProblem } = this.#options;
    try {
      this.#value = parse(await readFile(this.#path));
    } catch (error) {
      onProblem((error as Error).message);
      return;
    }
    onRead?.(this.#value);
  }
}
