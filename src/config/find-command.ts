/** An application that a command of its own serves: its program and the Python beside which that is looked for. */

import type { ApplicationSettings, CommandTarget } from './configuration.ts';
import type { ApplicationRequest, FoundApplication } from './find-application.ts';
import { findPython } from './find-python.ts';
import { ms } from './ms.ts';
import { ConfigurationError, placeOf } from './origin.ts';
import { type Entry, entryOf, strengthOf } from './resolve.ts';
import { proxyTo } from './sections/proxy.ts';
import type { SettingName, Values } from './settings/table.ts';
import type { ApplicationTable } from './sources/application-tables.ts';
import { findProgram, parseCommand, searchPath } from './target/command.ts';

/** What is about WSGI applications, and about the workers that run them. */
const FOR_WSGI: readonly SettingName[] = [
  'application',
  'callable-object',
  'python-path',
  'threads',
  'request-timeout-at',
  'interrupt-timeout',
  'deadlock-timeout',
  'warmup',
  'disable-reloading',
  'reload-on-changes',
  'traceback-pages',
  'enable-debugger',
  'enable-profiler',
  'enable-coverage',
  'enable-recorder',
];
const FOR_COMMANDS: readonly SettingName[] = [
  ...(['protocol', 'ready-path', 'max-connections', 'keep-alive', 'stop-signal'] as const),
];

/** Settings that do not go together with a command, or only with one. Each is complete with its place. */
export function findCommandMistakes(values: Values, entries: readonly Entry[]): string[] {
  const isCommand = values.command !== null;
  const wrong = (isCommand ? FOR_WSGI : FOR_COMMANDS).filter((name) => strengthOf(entries, name) >= 0);
  return wrong.map((name) => {
    const { origin } = entryOf(entries, name)!;
    const found = isCommand ? 'found beside command, with which it has no meaning' : 'found without command';
    return `${placeOf(origin, name)}: ${found}; allowed: ${isCommand ? 'one of them' : 'both'}`;
  });
}

/** What a process of another user binds the gateway may not open. */
export function findForeignSockets(
  applications: readonly ApplicationSettings[],
  server: Pick<Values, 'user' | 'group'>,
  tables: readonly ApplicationTable[],
): string[] {
  return tables.flatMap(({ name, place }) => {
    const application = applications.find((one) => one.name === name);
    if (application?.target.kind !== 'command' || application.target.socket !== 'path') return [];
    if (application.user === server.user && application.group === server.group) return [];
    return `${place}.command: found {socket} beside a user of its own; allowed: {fd} or {port}`;
  });
}

/** A connection that is kept longer than its server does is closed under a request. Servers keep them for 2 s or more. */
const KEEP_ALIVE_TIMEOUT_MS = 1000;
/** Longer than any request lasts: 0 means no limit here, and is none for a timeout of a proxy. */
const FOREVER_MS = 2 ** 31;

/** Requests are passed on as to any server, but for what the supervisor takes care of. */
function passing(values: Values): Pick<CommandTarget, 'proxy' | 'upstream'> {
  const { upstream, ...proxy } = proxyTo(`${values.protocol}://command`);
  const { pool } = upstream!;
  return {
    proxy: {
      ...proxy,
      upstream: null,
      path: values['mount-point'] === '/' ? '' : '/',
      readTimeoutMs: ms(values['request-timeout']) || FOREVER_MS,
      passAuthorization: true,
      // It is the application that answers, not a path of the server.
      internalRedirect: 'off',
      // What a process has begun with is given to no other.
      retry: { ...proxy.retry, onError: false, onTimeout: false },
    },
    upstream: {
      ...upstream!,
      policy: 'least-connections',
      queueMax: values['queue-size'],
      queueTimeoutMs: ms(values['queue-timeout']) || FOREVER_MS,
      pool: {
        ...pool,
        keepAliveConnections: values['keep-alive'] ?? pool.keepAliveConnections,
        keepAliveTimeoutMs: KEEP_ALIVE_TIMEOUT_MS,
        maxFails: 0,
      },
    },
  };
}

/** @throws ConfigurationError with the mistakes of the request and those found here */
export async function findCommand(
  argv: readonly string[],
  request: ApplicationRequest,
): Promise<FoundApplication> {
  const { resolved, environment } = request;
  const { values, entries } = resolved;
  const { origin } = entryOf(entries, 'command')!;
  const mistakes = [...request.mistakes];
  const parsed = parseCommand(argv);
  if ('mistake' in parsed) mistakes.push(`${placeOf(origin, 'command')}: ${parsed.mistake}`);
  const workingDirectory = values['working-directory'] ?? request.directory;
  const directories = [workingDirectory];
  const found = await findPython({ ...request, workingDirectory, directories, mistakes });
  const { interpreter, interpreterVersion, from } = found;
  const path = searchPath(found, values.setenv.PATH ?? environment.PATH);
  const program = findProgram(argv[0]!, workingDirectory, path);
  if ('mistake' in program)
    throw new ConfigurationError([...mistakes, `${placeOf(origin, 'command')}: ${program.mistake}`]);
  if ('mistake' in parsed) throw new ConfigurationError(mistakes);
  return {
    target: {
      kind: 'command',
      argv: [program.path, ...argv.slice(1)],
      socket: parsed.socket,
      protocol: values.protocol,
      readyPath: values['ready-path'],
      ...passing(values),
      stopSignal: `SIG${values['stop-signal']}`,
      searchPath: path,
    },
    interpreter,
    interpreterVersion,
    staticFiles: null,
    warnings: [],
    given: [
      { name: 'python', key: null, raw: interpreter, origin: { kind: 'detected', from }, directory: '/' },
      {
        name: 'working-directory',
        key: null,
        raw: workingDirectory,
        origin: { kind: 'default' },
        directory: '/',
      },
    ],
  };
}
