/**
 * Notices that a file of the application has changed (`reload-on-changes`). Workers say which files they have loaded,
 * and which they would have (python/vivarium/dev/sources.py); we look at them, as a worker that fails to load does not
 * live to see its code mended. What a file was like is remembered across reloads, so that no edit is missed.
 *
 * Looking again and again finds changes on every file system, mounted ones included.
 */
import { statSync } from 'node:fs';
import type { Cancel, Clock } from '../clock.ts';

const PERIOD_MS = 500;
/** Far more than any application has; a limit all the same. */
const FILES_MAX = 50_000;

/** What changes with a file's content. Null: there is no such file. */
export interface FileState {
  readonly mtimeMs: number;
  readonly size: number;
  readonly ino: number;
}

export type LookAt = (path: string) => FileState | null;

export class SourceWatch {
  readonly #changed: (path: string) => void;
  readonly #clock: Clock;
  readonly #lookAt: LookAt;
  readonly #files = new Map<string, FileState | null>();
  #cancelLook: Cancel | null = null;
  #isStopped = false;

  constructor(changed: (path: string) => void, clock: Clock, lookAt: LookAt = lookAtFile) {
    this.#changed = changed;
    this.#clock = clock;
    this.#lookAt = lookAt;
  }

  /** `sinceMs`: when the process that has loaded them was started, in ms since 1970. */
  watch(paths: readonly string[], sinceMs: number): void {
    if (this.#isStopped) return;
    let changed: string | null = null;
    for (const path of paths) {
      if (this.#files.has(path) || this.#files.size >= FILES_MAX) continue;
      const state = this.#lookAt(path);
      this.#files.set(path, state);
      // Perhaps after it was loaded: nobody can tell.
      if (state !== null && state.mtimeMs >= sinceMs) changed = path;
    }
    this.#cancelLook ??= this.#clock.after(PERIOD_MS, this.#look);
    if (changed !== null) this.#changed(changed);
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelLook?.();
  }

  readonly #look = (): void => {
    this.#cancelLook = this.#clock.after(PERIOD_MS, this.#look);
    let changed: string | null = null;
    for (const [path, before] of this.#files) {
      const now = this.#lookAt(path);
      // Editors take a file away for a moment. One that is really gone is missed when something else changes.
      if (now === null || isSame(now, before)) continue;
      this.#files.set(path, now);
      changed ??= path;
    }
    if (changed !== null) this.#changed(changed);
  };
}

function isSame(now: FileState, before: FileState | null): boolean {
  return (
    before !== null && now.mtimeMs === before.mtimeMs && now.size === before.size && now.ino === before.ino
  );
}

function lookAtFile(path: string): FileState | null {
  try {
    return statSync(path, { throwIfNoEntry: false }) ?? null;
  } catch {
    return null;
  }
}
