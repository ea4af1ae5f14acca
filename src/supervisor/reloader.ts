/**
 * What takes in anew what has changed: reloads and restarts, asked for by an operator or by a file that has changed, one
 * after the other. A reload reads the configuration again. When it is as before, only the workers are replaced
 * (pool/reloading.ts); when it has changed, or for a restart, a second stack takes over from the first (stack-set.ts).
 */
import { isDeepStrictEqual } from 'node:util';
import type { Configuration } from '../config/configuration.ts';
import type { Log } from '../telemetry/log.ts';
import { systemClock } from './clock.ts';
import { type ReloadOutcome, STOPPING } from './pool/reloads.ts';
import type { LoadedFiles } from './processes/lifeline-reader.ts';
import { findPool } from './scale-stack.ts';
import type { Stack } from './stack.ts';
import type { StackSet } from './stack-set.ts';
import { reasonOf } from './startup-error.ts';
import { Turns } from './turns.ts';
import { unchangeable } from './unchangeable.ts';
import { FileWatch } from './watch/file-watch.ts';
import { SourceWatch } from './watch/source-watch.ts';
import { concernedBy, filesOf, watchedFiles } from './watch/watched-files.ts';

export interface ReloaderHooks {
  /** Throws an error for the operator. */
  readConfiguration(): Promise<Configuration>;
  /** Before a stack is made of it. Throws an error for the operator. */
  prepare(configuration: Configuration): void;
  /** Another stack serves. */
  replaced(): void;
}

export class Reloader {
  readonly #stacks: StackSet<Stack>;
  readonly #hooks: ReloaderHooks;
  readonly #log: Log;
  readonly #turns = new Turns<ReloadOutcome>();
  readonly #watch = new FileWatch((paths) => this.#onFilesChanged(paths), systemClock);
  /** By application. There are none unless workers say what they have loaded. */
  readonly #sources = new Map<string, SourceWatch>();
  #isStopped = false;

  constructor(stacks: StackSet<Stack>, hooks: ReloaderHooks, log: Log) {
    this.#stacks = stacks;
    this.#hooks = hooks;
    this.#log = log;
  }

  get #stack(): Stack {
    return this.#stacks.current;
  }

  get #configuration(): Configuration {
    return this.#stack.configuration;
  }

  start(): void {
    void this.#watch.follow(watchedFiles(this.#configuration));
  }

  /** No reload begins any more. */
  stop(): void {
    this.#isStopped = true;
    this.#watch.stop();
    for (const sources of this.#sources.values()) sources.stop();
  }

  /** `why` is for the log. `application`: of this one the code alone; null: everything. */
  async reload(why: string, application: string | null = null): Promise<ReloadOutcome> {
    if (application === null) return this.#reload(why);
    const found = findPool(this.#stack.pools, application);
    return 'pool' in found ? this.#reloadApplication(application, why) : found;
  }

  /** The same configuration with a new gateway and new workers. */
  restart(): Promise<ReloadOutcome> {
    return this.#turns.take('restart', () => this.#replaceStack(this.#configuration));
  }

  /** Workers of this application have loaded these files. */
  loaded(application: string, { files, sinceMs }: LoadedFiles): void {
    this.#sourcesOf(application).watch(files, sinceMs);
  }

  #reload(why: string): Promise<ReloadOutcome> {
    this.#log.info('reload-requested', why);
    return this.#turns.take('reload', async () => {
      // Whatever has changed until now is taken in by this reload.
      await this.#watch.refresh();
      const read = await this.#readConfiguration();
      if (this.#isStopped) return STOPPING;
      if (!('configuration' in read)) return this.#stacks.refuse(read.why);
      // Also when the rest fails: it may be mended in these files.
      await this.#watch.follow(watchedFiles(read.configuration));
      const isSame = isDeepStrictEqual(read.configuration, this.#configuration);
      return isSame ? this.#stack.reload() : this.#replaceStack(read.configuration);
    });
  }

  #reloadApplication(name: string, why: string): Promise<ReloadOutcome> {
    this.#log.info('reload-requested', `${name}: ${why}`);
    return this.#turns.take(`reload of ${name}`, async () => {
      const application = this.#configuration.applications.find((one) => one.name === name);
      // The script of the application may be looked at twice.
      if (application !== undefined) await this.#watch.refresh(filesOf(application));
      return this.#isStopped ? STOPPING : this.#stack.reload(name);
    });
  }

  #onFilesChanged(paths: readonly string[]): void {
    const why = `${paths.join(' and ')} ${paths.length === 1 ? 'has' : 'have'} changed`;
    const concerned = concernedBy(paths, this.#configuration);
    if (concerned === null) void this.#reload(why);
    else for (const name of concerned) void this.#reloadApplication(name, why);
  }

  #sourcesOf(application: string): SourceWatch {
    const known = this.#sources.get(application);
    if (known !== undefined) return known;
    const sources = new SourceWatch((path) => this.#onSourceChanged(application, path), systemClock);
    this.#sources.set(application, sources);
    return sources;
  }

  /** The code alone: what is watched for is no configuration. */
  #onSourceChanged(application: string, path: string): void {
    this.#log.info('source-changed', path);
    this.#stack.pools.get(application)?.pool.giveUpReload('the source has changed again');
    void this.#reloadApplication(application, `${path} has changed`);
  }

  async #readConfiguration(): Promise<{ configuration: Configuration } | { why: string }> {
    try {
      const configuration = await this.#hooks.readConfiguration();
      const fixed = unchangeable(this.#configuration, configuration);
      return fixed === null ? { configuration } : { why: fixed };
    } catch (error) {
      return { why: reasonOf(error) };
    }
  }

  async #replaceStack(configuration: Configuration): Promise<ReloadOutcome> {
    try {
      this.#hooks.prepare(configuration);
    } catch (error) {
      return this.#stacks.refuse(reasonOf(error));
    }
    const outcome = await this.#stacks.replace(configuration);
    if (outcome.ok) this.#hooks.replaced();
    return outcome;
  }
}
