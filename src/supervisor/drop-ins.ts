/**
 * The applications of the directories for WSGI scripts (`wsgi-directory`), which come, change and go while the server
 * runs. Each is a pool beside those of the configuration, without workers until its first request.
 */
import { join } from 'node:path';
import { pathPrefix } from '../base/url-path.ts';
import type { ApplicationSettings, WsgiDirectory } from '../config/configuration.ts';
import type { ToGateway } from '../control/messages.ts';
import type { Log } from '../telemetry/log.ts';
import type { ApplicationPool } from './application-pool.ts';
import type { Clock } from './clock.ts';
import type { Pools } from './pools.ts';
import { type ScriptEvents, WsgiScripts } from './watch/wsgi-scripts.ts';

export interface DropInEffects {
  make(settings: ApplicationSettings): ApplicationPool;
  tellGateway(message: ToGateway): void;
}

export class DropIns {
  readonly #pools: Pools;
  readonly #effects: DropInEffects;
  readonly #log: Log;
  readonly #watches: readonly WsgiScripts[];

  constructor(
    directories: readonly WsgiDirectory[],
    pools: Pools,
    effects: DropInEffects,
    clock: Clock,
    log: Log,
  ) {
    this.#pools = pools;
    this.#effects = effects;
    this.#log = log;
    this.#watches = directories.map(
      (directory) => new WsgiScripts(directory.path, this.#eventsOf(directory), clock, log),
    );
  }

  start(): void {
    for (const watch of this.#watches) watch.start();
  }

  stop(): void {
    for (const watch of this.#watches) watch.stop();
  }

  #eventsOf(directory: WsgiDirectory): ScriptEvents {
    return {
      added: (name) => this.#add(settingsOf(directory, name)),
      changed: (name) => this.#change(settingsOf(directory, name)),
      removed: (name) => this.#remove(settingsOf(directory, name)),
    };
  }

  #add(settings: DropInSettings): void {
    const { name } = settings;
    const leaving = this.#pools.get(name);
    const pool = leaving ?? this.#effects.make(settings);
    this.#effects.tellGateway({ type: 'application-added', application: name, settings });
    // The old script may still have requests to finish.
    if (leaving !== undefined) pool.stay();
    else this.#introduce(pool);
    // Not before: whoever reads it may rely on it.
    this.#log.info('script-added', `${name} is served from ${settings.target.path}`);
  }

  #introduce(added: ApplicationPool): void {
    this.#pools.add(added);
    added.pool.start();
    for (const message of added.pool.introduction())
      this.#effects.tellGateway({ ...message, application: added.name });
  }

  /** Without workers there is nothing to be done: the next one loads what is there then. */
  #change({ name, target, followsScript }: DropInSettings): void {
    const pool = this.#pools.get(name)?.pool;
    if (pool === undefined || pool.scale.size === 0 || !followsScript) return;
    this.#log.info('script-changed', `${target.path}: the workers of ${name} are replaced`);
    void pool.reload();
  }

  #remove({ name, target }: DropInSettings): void {
    this.#effects.tellGateway({ type: 'application-removed', application: name });
    this.#log.info('script-removed', `${target.path} is gone, and ${name} is not served any more`);
    this.#pools.get(name)?.leave(() => this.#pools.delete(name));
  }
}

type DropInSettings = ApplicationSettings & {
  readonly target: { readonly kind: 'script'; readonly path: string };
};

/** Its name is the path at which it is mounted. */
function settingsOf({ url, path, application }: WsgiDirectory, script: string): DropInSettings {
  const mountPoint = `${pathPrefix(url)}/${script}`;
  const { callable } = application.target;
  const target = { kind: 'script', path: join(path, `${script}.wsgi`), callable } as const;
  return { ...application, name: mountPoint, mountPoint, target };
}
