/**
 * Notices which WSGI scripts are in a directory (`wsgi-directory`), by looking a few times a second, which works on every
 * file system. What is there at the first look counts at once. Later a script that is new or has changed counts when it
 * has been the same twice in a row, so that one that is still being written is waited for; one that is gone, when it
 * is still gone at the next look, as editors take a file away for a moment.
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { stateIn } from '../../base/file-state.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Cancel, Clock } from '../clock.ts';

export interface ScriptEvents {
  /** `name`: of the file, without `.wsgi`. */
  added(name: string): void;
  changed(name: string): void;
  removed(name: string): void;
}

const PERIOD_MS = 500;
/** Each is an application. */
export const SCRIPTS_MAX = 500;
/** What can stand in a URL as it is. Files of editors and hidden ones have other names. */
const SCRIPT = /^([A-Za-z0-9_][A-Za-z0-9_.~-]*)\.wsgi$/;

interface Script {
  /** Its state when it was used; null: never. */
  used: string | null;
  /** Its state at the last look; null: it was not there. */
  seen: string | null;
}

export class WsgiScripts {
  readonly #directory: string;
  readonly #events: ScriptEvents;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #scripts = new Map<string, Script>();
  #cancelLook: Cancel = () => {};
  #isFullSaid = false;

  constructor(directory: string, events: ScriptEvents, clock: Clock, log: Log) {
    this.#directory = directory;
    this.#events = events;
    this.#clock = clock;
    this.#log = log;
  }

  start(): void {
    for (const [name, state] of this.#found()) this.#add(name, state);
    this.#schedule();
  }

  stop(): void {
    this.#cancelLook();
  }

  #schedule(): void {
    this.#cancelLook = this.#clock.after(PERIOD_MS, () => {
      this.#check();
      this.#schedule();
    });
  }

  #check(): void {
    const found = this.#found();
    for (const [name, state] of found) {
      const script = this.#scripts.get(name);
      if (script === undefined) this.#scripts.set(name, { used: null, seen: state });
      else if (script.seen !== state) script.seen = state;
      else if (script.used === null) this.#add(name, state);
      else if (script.used !== state) this.#change(name, script, state);
    }
    for (const [name, script] of this.#scripts) {
      if (found.has(name)) continue;
      if (script.seen !== null) script.seen = null;
      else this.#remove(name, script);
    }
  }

  #add(name: string, state: string): void {
    this.#scripts.set(name, { used: state, seen: state });
    this.#events.added(name);
  }

  #change(name: string, script: Script, state: string): void {
    script.used = state;
    this.#events.changed(name);
  }

  #remove(name: string, { used }: Script): void {
    this.#scripts.delete(name);
    if (used !== null) this.#events.removed(name);
  }

  #found(): ReadonlyMap<string, string> {
    const found = lookAtScripts(this.#directory);
    if (found.size <= SCRIPTS_MAX) return found;
    if (!this.#isFullSaid) {
      this.#isFullSaid = true;
      const what = `${this.#directory} has ${found.size} scripts, and no more than ${SCRIPTS_MAX} are served`;
      this.#log.warn('scripts-ignored', `${what}: those whose names come last are left out`);
    }
    return new Map([...found].slice(0, SCRIPTS_MAX));
  }
}

/** By name, what changes with the content of a script. A directory that cannot be read has none. */
export function lookAtScripts(directory: string): ReadonlyMap<string, string> {
  try {
    const names = readdirSync(directory).sort();
    return new Map(names.flatMap((file) => describe(join(directory, file), SCRIPT.exec(file)?.[1])));
  } catch {
    return new Map();
  }
}

/** The file that a link leads to. */
function describe(path: string, name: string | undefined): [string, string][] {
  if (name === undefined) return [];
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (!stats?.isFile()) return [];
  return [[name, stateIn(stats)]];
}
