/** The application and its interpreter: named by TARGET or a setting, or found in a directory. */
import type { FoundParts } from './build-application.ts';
import type { UrlAlias } from './configuration.ts';
import type { Identity } from './consistency.ts';
import { findCommand } from './find-command.ts';
import { findPython } from './find-python.ts';
import { formatTarget } from './format.ts';
import { ConfigurationError, type Origin, placeOf } from './origin.ts';
import { entryOf, type Resolved } from './resolve.ts';
import type { SettingName } from './settings/table.ts';
import type { Given } from './sources/given.ts';
import type { Python } from './target/ask-python.ts';
import { type DetectedApplication, detectApplication, maybeApplication } from './target/detect.ts';
import { type NamedApplication, parseTarget } from './target/target.ts';

export interface ApplicationRequest {
  readonly resolved: Resolved;
  /** Where to look when no setting names the application. */
  readonly directory: string;
  /** What was looked for already, for the message when nothing is found. */
  readonly looked: readonly string[];
  /** The server has something to do without it, so nothing may be found. */
  readonly isOptional: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly identity: Identity | null;
  /** Those found so far. With any of them nothing is run. */
  readonly mistakes: readonly string[];
}

export interface FoundApplication extends FoundParts {
  /** Those of a Django project. */
  readonly staticFiles: UrlAlias | null;
  /** What was found, as values of settings. */
  readonly given: readonly Given[];
  readonly warnings: readonly string[];
}

/**
 * Null: there is none.
 *
 * @throws ConfigurationError with `mistakes` and those found here
 */
export async function findApplication(request: ApplicationRequest): Promise<FoundApplication | null> {
  const { values } = request.resolved;
  if (values.command !== null) return findCommand(values.command, request);
  const mistakes = [...request.mistakes];
  const named = namedApplication(request, mistakes);
  // Such a server may have no Python at all.
  if (named.kind === 'directory' && request.isOptional && !maybeApplication(named.path)) {
    if (mistakes.length > 0) throw new ConfigurationError(mistakes);
    return null;
  }
  const home = named.kind === 'directory' ? named.path : named.directory;
  const workingDirectory = values['working-directory'] ?? home;
  const found = await findPython({
    ...request,
    workingDirectory,
    directories: [...new Set([workingDirectory, home])],
    mistakes,
  });
  const { python, interpreter, interpreterVersion } = found;
  const application = named.kind === 'directory' ? await look(named.path, python, request) : named;
  if (application === null) return null;
  const detected: Given[] = [
    give('python', interpreter, { kind: 'detected', from: found.from }),
    give('working-directory', application.directory, { kind: 'default' }),
  ];
  const foundParts = { target: application.target, interpreter, interpreterVersion };
  if (!('from' in application)) return { ...foundParts, staticFiles: null, given: detected, warnings: [] };
  const { from, staticFiles, warnings } = application;
  detected.push(give('application', formatTarget(application.target), { kind: 'detected', from }));
  if (staticFiles !== null) {
    const { url, path, from } = staticFiles;
    detected.push({ ...give('url-alias', path, { kind: 'detected', from }), key: url });
  }
  return { ...foundParts, staticFiles, given: detected, warnings };
}

type Named = ({ kind: 'application' } & NamedApplication) | { kind: 'directory'; path: string };

/** What the settings say about the application; adds what is wrong with it to `mistakes`. */
function namedApplication({ resolved, directory }: ApplicationRequest, mistakes: string[]): Named {
  const elsewhere: Named = { kind: 'directory', path: directory };
  const entry = entryOf(resolved.entries, 'application');
  if (entry === undefined) return elsewhere;
  const named = parseTarget(String(entry.value), entry.directory);
  if (named.kind === 'mistake') {
    mistakes.push(`${placeOf(entry.origin, 'application')}: ${named.mistake}`);
    return elsewhere;
  }
  if (named.kind === 'directory') return named;
  const wanted = entryOf(resolved.entries, 'callable-object');
  const callable = named.target.callable ?? resolved.values['callable-object'];
  if (wanted !== undefined && callable !== wanted.value) {
    const place = placeOf(wanted.origin, 'callable-object');
    mistakes.push(
      `${place}: found ${JSON.stringify(wanted.value)}, but the application is named with :${callable}`,
    );
  }
  return { ...named, target: { ...named.target, callable } };
}

async function look(
  directory: string,
  python: Python,
  request: ApplicationRequest,
): Promise<DetectedApplication | null> {
  const { values } = request.resolved;
  const detected = await detectApplication(directory, python, {
    callable: values['callable-object'],
    mountPoint: values['mount-point'],
    pythonPath: values['python-path'],
    djangoSettingsModule: python.environment.DJANGO_SETTINGS_MODULE ?? null,
    looked: request.looked,
  });
  if ('from' in detected) return detected;
  if (detected.isNothing && request.isOptional) return null;
  throw new ConfigurationError([detected.mistake]);
}

function give(name: SettingName, raw: unknown, origin: Origin): Given {
  return { name, key: null, raw, origin, directory: '/' };
}
