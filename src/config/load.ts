/**
 * Loads the configuration: reads the sources, finds the application and its interpreter (find-application.ts), and
 * builds the frozen Configuration. Mistakes are collected and reported together; nothing of the application is
 * run before the settings are known to be right.
 */
import { randomBytes } from 'node:crypto';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { cpuQuota } from '../base/cgroup.ts';
import { allAddresses, buildConfiguration, listenBeatsPort } from './build.ts';
import type { Configuration } from './configuration.ts';
import { findContradictions, findDoubts, findIdentity } from './consistency.ts';
import { findApplication } from './find-application.ts';
import { impliedDefaults } from './implied.ts';
import { ConfigurationError, type Origin } from './origin.ts';
import { findPlace } from './place.ts';
import { type Entry, entryOf, resolveSettings } from './resolve.ts';
import type { SettingName } from './settings/table.ts';
import { findSiteMistakes } from './site-consistency.ts';
import { readEnvironment } from './sources/environment.ts';
import { NO_SECTIONS, readConfigurationFile } from './sources/file.ts';
import type { Flags } from './sources/flags.ts';
import type { Given, Source } from './sources/given.ts';
import { socketsOfSystemd } from './sources/systemd.ts';
import { applicationName, parseTarget } from './target/target.ts';
import { findTlsMistakes } from './tls.ts';

export interface LoadRequest {
  readonly flags: Flags;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** For `vivarium dev`, which has defaults of its own. */
  readonly isDev?: boolean;
  /** Of this process: systemd says for whom its sockets are, and only root changes users. */
  readonly pid: number;
  readonly uid: number;
}

export interface Loaded {
  readonly configuration: Configuration;
  /** Every effective value and its origin, in the order of the table. */
  readonly entries: readonly Entry[];
  readonly warnings: readonly string[];
}

const DEFAULT_PROCESSES_MAX = 4;
/** Once for the process: a reload reads the configuration again, and the server root is what it was. */
const FRESH_SERVER_ROOT = join(tmpdir(), `vivarium-${randomBytes(6).toString('hex')}`);

/** @throws ConfigurationError with every mistake that was found */
export async function loadConfiguration(request: LoadRequest): Promise<Loaded> {
  const { environment, cwd, uid, isDev = false } = request;
  const { given: outer, sections, mistakes, place, directory } = readSources(request);
  const implied = impliedDefaults(resolveSettings(outer).values, {
    isDev,
    environment,
    cwd,
    configurationFile: place.configurationFile,
  });
  const given = [...implied, ...outer];
  const resolved = resolveSettings(given);
  const identity = findIdentity(resolved, uid);
  const application = await findApplication({
    resolved,
    directory: directory ?? resolved.values['working-directory'] ?? place.directory,
    looked: place.looked,
    environment,
    identity: identity.identity,
    mistakes: [
      ...mistakes,
      ...resolved.mistakes,
      ...findContradictions(resolved),
      ...findTlsMistakes(
        resolved.values,
        resolved.entries,
        sections,
        allAddresses(resolved.values, resolved.entries),
      ),
      ...identity.mistakes,
    ],
  });

  const siteMistakes = findSiteMistakes(sections, [applicationName(application.target)]);
  if (siteMistakes.length > 0) throw new ConfigurationError(siteMistakes);

  const found = [...application.given, ...machineDefaults(resolved.values['log-directory'])];
  const { values, entries } = resolveSettings([...found, ...given]);
  const unused: SettingName[] = listenBeatsPort(entries)
    ? values['https-port'] === null
      ? ['host', 'port']
      : ['port']
    : ['listen'];
  return {
    configuration: buildConfiguration(values, entries, sections, application, environment),
    entries: entries.filter(({ name }) => !unused.includes(name)),
    warnings: [...application.warnings, ...findDoubts(values, environment, uid)],
  };
}

function readSources({ flags, environment, cwd, pid }: LoadRequest) {
  const target = flags.target === null ? null : parseTarget(flags.target, cwd);
  // A TARGET that is a directory is where modules are; any other is the flag form of `application`.
  const base = target?.kind === 'directory' ? target.path : cwd;
  const fromTarget = target === null || target.kind === 'directory' ? [] : [targetGiven(flags.target!, cwd)];
  const variables = rebase(readEnvironment(environment, cwd), base);
  const own = rebase(flags, base);
  const outer = [...variables.given, ...own.given, ...fromTarget];

  const early = resolveSettings(outer);
  const named = entryOf(early.entries, 'application');
  const where = target ?? (named === undefined ? null : parseTarget(String(named.value), named.directory));
  const place = findPlace(where, early.values.config, cwd);
  const file = place.configurationFile === null ? null : readConfigurationFile(place.configurationFile, cwd);
  const twice = fromTarget.length > 0 && own.given.some(({ name }) => name === 'application');
  return {
    sections: file?.sections ?? NO_SECTIONS,
    given: [...socketsOfSystemd(environment, pid), ...(file?.given ?? []), ...outer],
    mistakes: [
      ...own.mistakes,
      ...(twice ? ['--application: found beside TARGET; allowed: one of them'] : []),
      ...variables.mistakes,
      ...(file?.mistakes ?? []),
    ],
    place,
    /** Where to look for the application when nothing names it; null: no TARGET says so. */
    directory: where === null ? null : place.directory,
  };
}

function targetGiven(raw: string, directory: string): Given {
  return { name: 'application', key: null, raw, origin: { kind: 'flag', flag: 'TARGET' }, directory };
}

function rebase(source: Source, directory: string): Source {
  const given = source.given.map((one) => (one.name === 'application' ? { ...one, directory } : one));
  return { ...source, given };
}

/** Defaults that depend on this machine. `availableParallelism` knows affinity masks, and not every kind of quota. */
function machineDefaults(logDirectory: string | null): Given[] {
  const origin: Origin = { kind: 'default' };
  const values: [SettingName, unknown][] = [
    ['processes', Math.min(availableParallelism(), Math.ceil(cpuQuota() ?? Infinity), DEFAULT_PROCESSES_MAX)],
    ['server-root', FRESH_SERVER_ROOT],
    ['log-to-terminal', logDirectory === null],
  ];
  return values.map(([name, raw]) => ({ name, key: null, raw, origin, directory: '/' }));
}
