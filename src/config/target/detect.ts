/** Finds the application in a directory: a Django project, or a script that has the callable. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { askPython, type Python } from './ask-python.ts';
import { type DjangoProject, readDjangoProject, readSettingsModule } from './django.ts';
import type { NamedApplication } from './target.ts';

const SCRIPTS = ['wsgi.py', 'app.py', 'main.py'];
const CALLABLES = ['application', 'app'];

export interface DetectOptions {
  readonly callable: string | null;
  readonly mountPoint: string;
  readonly pythonPath: readonly string[];
  /** DJANGO_SETTINGS_MODULE of the environment, which beats the one in manage.py. */
  readonly djangoSettingsModule: string | null;
  /** What became of vivarium.toml and pyproject.toml, which were looked at before. */
  readonly looked: readonly string[];
}

export interface DetectedApplication extends NamedApplication {
  readonly from: string;
  readonly staticFiles: DjangoProject['staticFiles'];
  readonly warnings: readonly string[];
}

/** `isNothing`: there is nothing that could be one, or nothing that has a callable. */
interface NotDetected {
  readonly mistake: string;
  readonly isNothing: boolean;
}

/** Whether a directory is worth asking Python about. */
export function maybeApplication(directory: string): boolean {
  return ['manage.py', ...SCRIPTS].some((file) => existsSync(join(directory, file)));
}

export async function detectApplication(
  directory: string,
  python: Python,
  options: DetectOptions,
): Promise<DetectedApplication | NotDetected> {
  const ofManagePy = readSettingsModule(directory);
  if (ofManagePy !== null) {
    const settingsModule = options.djangoSettingsModule ?? ofManagePy;
    const project = await readDjangoProject(directory, settingsModule, python, options);
    if ('mistake' in project) return { ...project, isNothing: false };
    const callable = options.callable ?? project.target.callable;
    return { ...project, target: { ...project.target, callable }, directory, from: 'manage.py' };
  }
  const wanted = options.callable === null ? CALLABLES : [options.callable.split('.')[0]!];
  const present = SCRIPTS.filter((script) => existsSync(join(directory, script)));
  const names = await readTopLevelNames(directory, present, python);
  const binds = (file: string, name: string) => Array.isArray(names[file]) && names[file].includes(name);
  const script = present.find((file) => wanted.some((name) => binds(file, name)));
  if (script === undefined)
    return { mistake: nothingFound(directory, options, wanted, names), isNothing: true };
  return {
    target: { kind: 'script', path: join(directory, script), callable: options.callable },
    directory,
    from: script,
    staticFiles: null,
    warnings: [],
  };
}

/** The compiler's own symbol table: the names that a module binds, without running it. A string says why not. */
const LIST_NAMES = `
import json, symtable, sys
found = {}
for path in sys.argv[1:]:
    try:
        with open(path, "rb") as file:
            symbols = symtable.symtable(file.read(), path, "exec").get_symbols()
        found[path] = [s.get_name() for s in symbols if s.is_assigned() or s.is_imported() or s.is_namespace()]
    except Exception as error:
        found[path] = "%s: %s" % (type(error).__name__, error)
print(json.dumps(found))
`;
const Names = z.record(z.string(), z.union([z.string(), z.array(z.string())]));
type Names = z.infer<typeof Names>;

async function readTopLevelNames(
  directory: string,
  files: readonly string[],
  python: Python,
): Promise<Names> {
  if (files.length === 0) return {};
  const answer = await askPython({ ...python, workingDirectory: directory }, LIST_NAMES, ...files);
  if ('value' in answer) return Names.parse(answer.value);
  return Object.fromEntries(files.map((file) => [file, answer.failure]));
}

function nothingFound(
  directory: string,
  options: DetectOptions,
  wanted: readonly string[],
  names: Names,
): string {
  const missing = `without ${wanted.join(' or ')}`;
  const state = (file: string) => {
    const found = names[file];
    if (found === undefined) return 'not there';
    return typeof found === 'string' ? `cannot be read: ${found}` : `there, but ${missing}`;
  };
  const managePy = existsSync(join(directory, 'manage.py'))
    ? 'there, but names no Django settings'
    : 'not there';
  const lines = [
    ...options.looked,
    `manage.py: ${managePy}`,
    ...SCRIPTS.map((file) => `${file}: ${state(file)}`),
  ];
  return `application: none found in ${directory}; looked for\n${lines.map((line) => `  ${line}`).join('\n')}`;
}
