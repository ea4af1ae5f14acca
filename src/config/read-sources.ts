/** Everything that the sources say: flags, environment, the file that they lead to, and systemd's sockets. */
import type { Instance } from './instance.ts';
import { findPlace } from './place.ts';
import { entryOf, resolveSettings } from './resolve.ts';
import { readEnvironment } from './sources/environment.ts';
import { NO_SECTIONS, readConfigurationFile } from './sources/file.ts';
import type { Flags } from './sources/flags.ts';
import type { Given, Source } from './sources/given.ts';
import { socketsOfSystemd } from './sources/systemd.ts';
import { parseTarget } from './target/target.ts';

export interface SourcesRequest {
  readonly flags: Flags;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly instance: Instance;
}

export function readSources({ flags, environment, cwd, instance }: SourcesRequest) {
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
    tables: file?.applications ?? [],
    given: [...socketsOfSystemd(environment, instance.pid), ...(file?.given ?? []), ...outer],
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
