/** Python scripts for access and authentication: mod_wsgi-express's flags for them, and the application that runs them. */
import { buildApplication } from './build-application.ts';
import type { ApplicationSettings } from './configuration.ts';
import { findPython } from './find-python.ts';
import { placeOf, quote } from './origin.ts';
import { entryOf, type Resolved } from './resolve.ts';
import { type AuthScriptsSettings, DEFAULT_GROUP } from './sections/auth-scripts.ts';
import { NONCE_LIFETIME_S } from './sections/digest-auth.ts';
import { signInKeys } from './sections/sign-in.ts';
import type { Sections } from './sections/table.ts';
import type { Values } from './settings/table.ts';
import { kindOf } from './target/target.ts';
import type { WsgiDirectoriesRequest } from './wsgi-directories.ts';

const FLAGS = ['host-access-script', 'auth-user-script', 'auth-group-script'] as const;
const THREADS = 4;

/** What the flags say; null: nothing. */
export function authScriptsOfFlags(values: Values): AuthScriptsSettings | null {
  const accessScript = values['host-access-script'];
  const userScript = values['auth-user-script'];
  const groupScript = values['auth-group-script'];
  if (accessScript === null && userScript === null) return null;
  const groups = values['auth-group'].length === 0 ? [DEFAULT_GROUP] : values['auth-group'];
  return {
    accessScript,
    userScript,
    groupScript,
    type: values['auth-type'],
    nonceLifetimeMs: NONCE_LIFETIME_S * 1_000,
    realm: signInKeys.realm.default,
    requirements: groupScript === null ? ['valid-user'] : [`group ${groups.join(' ')}`],
    passAuthorization: false,
    place: userScript === null ? '--host-access-script' : '--auth-user-script',
  };
}

export function findScriptMistakes({ values, entries }: Resolved): string[] {
  const mistakes: string[] = [];
  const refuse = (name: (typeof FLAGS)[number], text: string) =>
    mistakes.push(`${placeOf(entryOf(entries, name)?.origin ?? { kind: 'default' }, name)}: ${text}`);
  for (const name of FLAGS) {
    const file = values[name];
    if (file !== null && kindOf(file) !== 'file') refuse(name, `found ${quote(file)}; there is no such file`);
  }
  if (values['auth-group-script'] !== null && values['auth-user-script'] === null)
    refuse('auth-group-script', 'found without auth-user-script; allowed: both');
  return mistakes;
}

/** The application that runs the scripts, if there are any. @throws ConfigurationError */
export async function findAuthScripts(
  { resolved, values, main, environment, identity }: WsgiDirectoriesRequest,
  { features, routes, sites }: Sections,
): Promise<ApplicationSettings[]> {
  const places = [features, ...routes, ...sites.flatMap((site) => [site.features, ...site.routes])];
  const isUsed =
    authScriptsOfFlags(values) !== null || places.some((place) => place['auth-scripts'] !== null);
  if (!isUsed) return [];
  const workingDirectory = values['working-directory'] ?? process.cwd();
  const directories = [workingDirectory];
  const python =
    main ??
    (await findPython({ resolved, workingDirectory, directories, environment, identity, mistakes: [] }));
  const { interpreter, interpreterVersion } = python;
  const own = {
    ...values,
    'mount-point': '/',
    'working-directory': workingDirectory,
    warmup: [],
    processes: { min: 1, max: 1 },
    threads: THREADS,
  };
  const target = { kind: 'module', module: 'vivarium.auth_scripts', callable: 'application' } as const;
  return [buildApplication('auth-scripts', own, { target, interpreter, interpreterVersion }, environment)];
}
