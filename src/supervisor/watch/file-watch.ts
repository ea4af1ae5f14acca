/**
 * Notices that one of a few files was replaced, touched or made. It asks for their state once a second, which works
 * with every editor and every file system and costs nothing.
 *
 * A change counts when the file has been the same twice in a row, so that one that is still being written is waited
 * for. A file that is gone, as for a moment while it is replaced, is no change before it is there again.
 */
import { fileState } from '../../base/file-state.ts';
import type { Cancel, Clock } from '../clock.ts';

const CHECK_MS = 1000;

interface WatchedFile {
  /** Its state when its content was last used. */
  known: string | null;
  /** Its state at the last look. */
  seen: string | null;
}

export class FileWatch {
  readonly #changed: (paths: readonly string[]) => void;
  readonly #clock: Clock;
  readonly #stateOf: (path: string) => Promise<string | null>;
  #files = new Map<string, WatchedFile>();
  /** Null while nothing is watched. */
  #cancelCheck: Cancel | null = null;
  #isStopped = false;

  constructor(changed: (paths: readonly string[]) => void, clock: Clock, stateOf = fileState) {
    this.#changed = changed;
    this.#clock = clock;
    this.#stateOf = stateOf;
  }

  /** These files and no others. What those that are new to it are like now is known. */
  async follow(paths: readonly string[]): Promise<void> {
    const files = new Map(this.#files);
    for (const path of paths) if (!files.has(path)) files.set(path, await this.#look(path));
    this.#files = new Map([...files].filter(([path]) => paths.includes(path)));
    this.#schedule();
  }

  /** What the files are like now is known: their content is about to be used. */
  async refresh(paths: Iterable<string> = this.#files.keys()): Promise<void> {
    for (const path of paths) if (this.#files.has(path)) this.#files.set(path, await this.#look(path));
  }

  /** For good. */
  stop(): void {
    this.#isStopped = true;
    this.#files.clear();
    this.#schedule();
  }

  async #look(path: string): Promise<WatchedFile> {
    const state = await this.#stateOf(path);
    return { known: state, seen: state };
  }

  #schedule(): void {
    this.#cancelCheck?.();
    const isIdle = this.#isStopped || this.#files.size === 0;
    this.#cancelCheck = isIdle ? null : this.#clock.after(CHECK_MS, () => void this.#check());
  }

  async #check(): Promise<void> {
    const changed: string[] = [];
    for (const [path, file] of [...this.#files]) {
      const state = await this.#stateOf(path);
      // What was found out about it meanwhile is newer.
      if (this.#files.get(path) !== file) continue;
      const isSettled = state === file.seen;
      file.seen = state;
      if (state === null || state === file.known || !isSettled) continue;
      file.known = state;
      changed.push(path);
    }
    this.#schedule();
    if (changed.length > 0) this.#changed(changed);
  }
}
