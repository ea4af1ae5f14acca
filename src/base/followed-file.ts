/**
 * What a file says, kept up to date: it is looked at once a second, and read again when it has changed. While it is
 * gone or cannot be understood, what it said before holds.
 */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileState, fileStateSync } from './file-state.ts';

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
  /** From before its content was read: a change meanwhile is seen at the next look. Null: it was gone. */
  #state: string | null;
  /** Null: it is not followed any more. */
  #timer: NodeJS.Timeout | null;

  /** Throws when the file cannot be read. `path`: absolute. */
  constructor(path: string, options: FollowedFileOptions<T>) {
    this.#path = path;
    this.#options = options;
    this.#state = fileStateSync(path);
    this.#value = options.parse(readFileSync(path));
    this.#timer = this.#nextLook();
  }

  get value(): T {
    return this.#value;
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #nextLook(): NodeJS.Timeout {
    return setTimeout(() => void this.#look(), LOOK_MS).unref();
  }

  async #look(): Promise<void> {
    const state = await fileState(this.#path);
    const hasChanged = state !== this.#state;
    this.#state = state;
    if (hasChanged && this.#timer !== null) await this.#read();
    if (this.#timer !== null) this.#timer = this.#nextLook();
  }

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
