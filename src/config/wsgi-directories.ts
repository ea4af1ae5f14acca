/** `wsgi-directory`: what the applications that are found in a directory have in common. */
import { buildApplication, type FoundParts } from './build-application.ts';
import type { WsgiDirectory } from './configuration.ts';
import type { Identity } from './consistency.ts';
import { findPython } from './find-python.ts';
import type { Resolved } from './resolve.ts';
import type { Values } from './settings/table.ts';
import { kindOf } from './target/target.ts';

export interface WsgiDirectoriesRequest {
  readonly resolved: Resolved;
  /** The settings at the top, with what was found. */
  readonly values: Values;
  /** The application at the top, whose interpreter they share; null: there is none. */
  readonly main: FoundParts | null;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly identity: Identity | null;
}

/** @throws ConfigurationError */
export async function findWsgiDirectories(request: WsgiDirectoriesRequest): Promise<WsgiDirectory[]> {
  const directories = Object.entries(request.values['wsgi-directory']);
  return Promise.all(directories.map(([url, path]) => wsgiDirectory(url, path, request)));
}

async function wsgiDirectory(
  url: string,
  path: string,
  { resolved, values, main, environment, identity }: WsgiDirectoriesRequest,
): Promise<WsgiDirectory> {
  const interpreter =
    main ??
    (await findPython({
      resolved,
      // It may be made later.
      workingDirectory: kindOf(path) === 'directory' ? path : '/',
      directories: [path],
      environment,
      identity,
      mistakes: [],
    }));
  const common = {
    ...values,
    'mount-point': url,
    'working-directory': path,
    warmup: [],
    // Started by the first request, and stopped when nobody asks any more.
    processes: { min: 0, max: values.processes!.max },
  };
  const { interpreter: python, interpreterVersion } = interpreter;
  const target = { kind: 'script', path, callable: values['callable-object'] } as const;
  const found = { target, interpreter: python, interpreterVersion };
  const application = buildApplication(url, common, found, environment);
  return { url, path, application: { ...application, target, isDropIn: true } };
}
