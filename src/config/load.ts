/**
 * Loads the configuration: reads the sources, finds the applications and their interpreters (find-application.ts), and
 * builds the frozen Configuration. Mistakes are collected and reported together; nothing of an application is
 * run before the settings are known to be right.
 */

import { findAuthScripts, findScriptMistakes } from './auth-scripts.ts';
import { allAddresses, buildConfiguration, listenBeatsPort, type Parts } from './build.ts';
import { buildApplication } from './build-application.ts';
import type { Configuration } from './configuration.ts';
import { findContradictions, findDoubts, findIdentity } from './consistency.ts';
import { type FoundApplication, findApplication } from './find-application.ts';
import { findForeignSockets } from './find-command.ts';
import { impliedDefaults } from './implied.ts';
import { applicationDefaults, serverDefaults } from './machine-defaults.ts';
import { findNamed, type NamedApplication, resolveTable } from './named-applications.ts';
import { ConfigurationError } from './origin.ts';
import { readSources, type SourcesRequest } from './read-sources.ts';
import { type Entry, entryOf, resolveSettings } from './resolve.ts';
import type { Sections } from './sections/table.ts';
import type { SettingName, Values } from './settings/table.ts';
import { findApplicationMistakes, findSiteMistakes } from './site-consistency.ts';
import { UNREADABLE_SECTIONS } from './sources/file.ts';
import { applicationName } from './target/target.ts';
import { findTlsMistakes } from './tls.ts';
import { findWsgiDirectories } from './wsgi-directories.ts';

export interface LoadRequest extends SourcesRequest {
  /** For `vivarium dev`, which has defaults of its own. */
  readonly isDev?: boolean;
  /** Only root changes users. */
  readonly uid: number;
}

export interface Loaded {
  readonly configuration: Configuration;
  /** Every effective value and its origin, in the order of the table. */
  readonly entries: readonly Entry[];
  /** The same of the applications of [applications.NAME]. */
  readonly named: readonly { readonly name: string; readonly entries: readonly Entry[] }[];
  readonly warnings: readonly string[];
}

/** @throws ConfigurationError with every mistake that was found */
export async function loadConfiguration(request: LoadRequest): Promise<Loaded> {
  const { environment, uid } = request;
  const read = resolveAll(request);
  const { resolved, identity, given, sections, tables } = read;
  const { main, named } = await findAll(read, environment);
  const { values, entries } = resolveSettings([
    ...(main?.given ?? []),
    ...applicationDefaults(),
    ...serverDefaults(request.instance.serverRoot, resolved.values['log-directory']),
    ...given,
  ]);
  const mainName = main === null ? null : applicationName(main.target);
  const atTop = main === null ? [] : [buildApplication(mainName!, values, main, environment)];
  const parts: Parts = {
    sections,
    applications: [...atTop, ...named.map(({ settings }) => settings)],
    main: mainName,
    internal: await findAuthScripts({ resolved, values, main, environment, identity }, sections),
    wsgiDirectories: await findWsgiDirectories({ resolved, values, main, environment, identity }),
    staticFiles: new Map(
      named.flatMap(({ settings, staticFiles }) => (staticFiles ? [[settings.name, staticFiles]] : [])),
    ),
  };
  const mistakes = [
    ...findApplicationMistakes(parts, tables),
    ...findForeignSockets(parts.applications, values, tables),
    ...findSiteMistakes(parts),
  ];
  if (mistakes.length > 0) throw new ConfigurationError(mistakes);
  const unused = unusedOf(values, entries);
  const found = [...(main === null ? [] : [main]), ...named];
  return {
    configuration: buildConfiguration(values, entries, parts),
    entries: entries.filter(({ name }) => !unused.includes(name)),
    named: named.map(({ settings: { name }, entries }) => ({ name, entries })),
    warnings: [
      ...found.flatMap(({ warnings }) => warnings),
      ...findDoubts(values, parts.applications, environment, uid),
    ],
  };
}

/** Settings that say nothing, given others. */
function unusedOf(values: Values, entries: readonly Entry[]): SettingName[] {
  if (!listenBeatsPort(entries)) return ['listen'];
  return values['https-port'] === null ? ['host', 'port'] : ['port'];
}

type Read = ReturnType<typeof resolveAll>;

/** What the sources say, and what is wrong with it. */
function resolveAll(request: LoadRequest) {
  const { environment, cwd, uid, isDev = false } = request;
  const { given: outer, mistakes, ...read } = readSources(request);
  const circumstances = { isDev, environment, cwd, configurationFile: read.place.configurationFile };
  const given = [...impliedDefaults(resolveSettings(outer).values, circumstances), ...outer];
  const resolved = resolveSettings(given);
  const addresses = allAddresses(resolved.values, resolved.entries);
  const { identity, mistakes: identityMistakes } = findIdentity(resolved, uid);
  const named = read.tables.map((table) => resolveTable(table, resolved.values, circumstances, uid));
  const allMistakes = [
    ...mistakes,
    ...resolved.mistakes,
    ...findContradictions(resolved),
    ...findScriptMistakes(resolved),
    ...(read.sections === UNREADABLE_SECTIONS
      ? []
      : findTlsMistakes(resolved.values, resolved.entries, read.sections, addresses)),
    ...identityMistakes,
    ...named.flatMap((one) => one.mistakes),
  ];
  return { ...read, given, resolved, identity, named, mistakes: allMistakes };
}

interface Found {
  readonly main: FoundApplication | null;
  readonly named: readonly NamedApplication[];
}

async function findAll(read: Read, environment: LoadRequest['environment']): Promise<Found> {
  const { resolved, identity, place, directory, sections, named, mistakes } = read;
  // Where applications have names, none is looked for.
  const isWanted =
    named.length === 0 ||
    entryOf(resolved.entries, 'application') !== undefined ||
    resolved.values.command !== null;
  const main = isWanted
    ? findApplication({
        resolved,
        directory: directory ?? resolved.values['working-directory'] ?? place.directory,
        looked: place.looked,
        isOptional: servesMore(resolved.values, sections),
        environment,
        identity,
        mistakes,
      })
    : Promise.resolve(null);
  const others = named.map((one) => findNamed(one, environment, mistakes));
  // Each waits for the others, so that all mistakes are told.
  const failures = (await Promise.allSettled([main, ...others])).flatMap((result) =>
    result.status === 'rejected' ? [result.reason] : [],
  );
  const bug = failures.find((failure) => !(failure instanceof ConfigurationError));
  if (bug !== undefined) throw bug;
  if (failures.length > 0)
    throw new ConfigurationError([...new Set(failures.flatMap((failure) => failure.mistakes))]);
  return { main: await main, named: await Promise.all(others) };
}

/** There is something to do without an application. */
function servesMore(values: Values, { routes, sites }: Sections): boolean {
  const maps = [values['url-alias'], values['wsgi-directory']];
  return routes.length + sites.length > 0 || maps.some((map) => Object.keys(map).length > 0);
}
