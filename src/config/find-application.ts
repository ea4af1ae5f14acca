/** The application and its interpreter: named by TARGET or a setting, or found in a directory. */
import { passed } from './build.ts';
import type { Identity } from './consistency.ts';
import { ConfigurationError, type Origin, placeOf } from './origin.ts';
import { entryOf, type Resolved, strengthOf } from './resolve.ts';
import type { SettingName } from './settings/table.ts';
import type { Given } from './sources/given.ts';
import { askPython, type Python } from './target/ask-python.ts';
import { type DetectedApplication, detectApplication } from './target/detect.ts';
import { findInterpreter, probeInterpreter } from './target/interpreter.ts';
import { formatTarget, type NamedApplication, parseTarget, type Target } from './target/target.ts';

export interface ApplicationRequest {
  readonly resolved: Resolved;
  /** Where to look when no setting names the application. */
  readonly directory: string;
  /** What was looked for already, for the message when nothing is found. */
  readonly looked: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly identity: Identity | null;
  /** Those found so far. With any of them nothing is run. */
  readonly mistakes: readonly string[];
}

export interface FoundApplication {
  readonly target: Target;
  readonly interpreter: string;
  readonly interpreterVersion: string;
  /** What was found, as values of settings. */
  readonly given: readonly Given[];
  readonly warnings: readonly string[];
}

/** @throws ConfigurationError with `mistakes` and those found here */
export async function findApplication(request: ApplicationRequest): Promise<FoundApplication> {
  const { values } = request.resolved;
  const mistakes = [...request.mistakes];
  const named = namedApplication(request, mistakes);
  const home = named.kind === 'directory' ? named.path : named.directory;
  const workingDirectory = values['working-directory'] ?? home;
  const interpreter = findInterpreter({
    ...interpreterWish(request.resolved, mistakes),
    environment: request.environment,
    directories: [...new Set([workingDirectory, home])],
  });
  if ('mistake' in interpreter) throw new ConfigurationError([...mistakes, interpreter.mistake]);
  if (mistakes.length > 0) throw new ConfigurationError(mistakes);

  const own = { ...passed(values.passenv, request.environment), ...values.setenv };
  const environment = { ...request.environment, ...own };
  const python: Python = {
    interpreter: interpreter.path,
    workingDirectory,
    environment,
    identity: request.identity,
  };
  const probed = await probeInterpreter(python);
  if ('mistake' in probed) throw new ConfigurationError([probed.mistake]);

  if (values['enable-coverage'] && 'failure' in (await askPython(python, 'import coverage; print(1)')))
    throw new ConfigurationError([noCoverage(request.resolved, probed.path)]);

  const application = named.kind === 'directory' ? await look(named.path, python, request) : named;
  const detected: Given[] = [
    give('python', probed.path, { kind: 'detected', from: interpreter.from ?? 'python' }),
    give('working-directory', application.directory, { kind: 'default' }),
  ];
  const foundParts = {
    target: application.target,
    interpreter: probed.path,
    interpreterVersion: probed.version,
  };
  if (!('from' in application)) return { ...foundParts, given: detected, warnings: [] };
  const { from, staticFiles, warnings } = application;
  detected.push(give('application', formatTarget(application.target), { kind: 'detected', from }));
  if (staticFiles !== null) {
    const { url, path, from } = staticFiles;
    detected.push({ ...give('url-alias', path, { kind: 'detected', from }), key: url });
  }
  return { ...foundParts, given: detected, warnings };
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

/** The stronger of python and python-home; as strong as each other they contradict. */
function interpreterWish({ values, entries }: Resolved, mistakes: string[]) {
  const [python, home] = [strengthOf(entries, 'python'), strengthOf(entries, 'python-home')];
  if (python >= 0 && python === home) {
    const { origin } = entryOf(entries, 'python-home')!;
    mistakes.push(`${placeOf(origin, 'python-home')}: found beside python; allowed: one of them`);
  }
  return {
    python: python >= home ? values.python : null,
    pythonHome: home > python ? values['python-home'] : null,
  };
}

function noCoverage({ entries }: Resolved, interpreter: string): string {
  const place = placeOf(entryOf(entries, 'enable-coverage')!.origin, 'enable-coverage');
  return `${place}: needs the package coverage: ${interpreter} -m pip install coverage`;
}

async function look(
  directory: string,
  python: Python,
  request: ApplicationRequest,
): Promise<DetectedApplication> {
  const { values } = request.resolved;
  const detected = await detectApplication(directory, python, {
    callable: values['callable-object'],
    mountPoint: values['mount-point'],
    pythonPath: values['python-path'],
    djangoSettingsModule: python.environment.DJANGO_SETTINGS_MODULE ?? null,
    looked: request.looked,
  });
  if ('mistake' in detected) throw new ConfigurationError([detected.mistake]);
  return detected;
}

function give(name: SettingName, raw: unknown, origin: Origin): Given {
  return { name, key: null, raw, origin, directory: '/' };
}
