/** The interpreter that an application runs in: named by a setting, or found. It is asked for its version. */
import { passed } from './build-application.ts';
import type { Identity } from './consistency.ts';
import { ConfigurationError, placeOf } from './origin.ts';
import { entryOf, type Resolved, strengthOf } from './resolve.ts';
import { askPython, type Python } from './target/ask-python.ts';
import { findInterpreter, probeInterpreter } from './target/interpreter.ts';

export interface PythonRequest {
  readonly resolved: Resolved;
  readonly workingDirectory: string;
  /** Where a virtual environment may be beside the application. */
  readonly directories: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly identity: Identity | null;
  /** Those found so far. With any of them nothing is run. */
  readonly mistakes: readonly string[];
}

export interface FoundPython {
  readonly python: Python;
  readonly interpreter: string;
  readonly interpreterVersion: string;
  /** Where it was found; `python`: the setting. */
  readonly from: string;
}

/** @throws ConfigurationError with `mistakes` and those found here */
export async function findPython(request: PythonRequest): Promise<FoundPython> {
  const { resolved, workingDirectory, directories, identity } = request;
  const { values } = resolved;
  const mistakes = [...request.mistakes];
  const wish = interpreterWish(resolved, mistakes);
  const interpreter = findInterpreter({ ...wish, environment: request.environment, directories });
  if ('mistake' in interpreter) throw new ConfigurationError([...mistakes, interpreter.mistake]);
  if (mistakes.length > 0) throw new ConfigurationError(mistakes);

  const own = { ...passed(values.passenv, request.environment), ...values.setenv };
  const environment = { ...request.environment, ...own };
  const python: Python = { interpreter: interpreter.path, workingDirectory, environment, identity };
  const probed = await probeInterpreter(python);
  if ('mistake' in probed) throw new ConfigurationError([probed.mistake]);
  if (values['enable-coverage'] && 'failure' in (await askPython(python, 'import coverage; print(1)')))
    throw new ConfigurationError([noCoverage(resolved, probed.path)]);
  return {
    python,
    interpreter: probed.path,
    interpreterVersion: probed.version,
    from: interpreter.from ?? 'python',
  };
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
