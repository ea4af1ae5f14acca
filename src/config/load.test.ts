import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { makeFolder, textApplication } from '../../test/support/folder.ts';
import { loadConfiguration } from './load.ts';
import { ConfigurationError, describeOrigin } from './origin.ts';
import { readFlags } from './sources/flags.ts';

interface Circumstances {
  readonly argv?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly uid?: number;
}

const PID = 4711;
const NOBODY = 65_534;

function load(cwd: string, { argv = [], environment = {}, uid = NOBODY }: Circumstances = {}) {
  const { PATH, HOME } = process.env;
  const ours = { PATH, HOME, ...environment };
  return loadConfiguration({
    flags: readFlags(argv, cwd),
    environment: ours,
    cwd,
    instance: { pid: PID, serverRoot: '/tmp/fresh' },
    uid,
  });
}

async function mistakes(cwd: string, circumstances: Circumstances = {}): Promise<readonly string[]> {
  try {
    await load(cwd, circumstances);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.mistakes;
    throw error;
  }
  return [];
}

function makeProject(t: TestContext, files: Readonly<Record<string, string>> = {}): string {
  return makeFolder(t, { 'wsgi.py': textApplication('hello'), ...files });
}

async function originOf(
  cwd: string,
  name: string,
  circumstances: Circumstances = {},
): Promise<string | undefined> {
  const entry = (await load(cwd, circumstances)).entries.find((one) => one.name === name);
  return entry === undefined ? undefined : describeOrigin(entry.origin);
}

test('a directory with a wsgi.py needs no settings', async (t) => {
  const project = makeProject(t);
  const { configuration, warnings } = await load(project);
  assert.deepEqual(warnings, []);
  const { applications, serverRoot } = configuration;
  const application = applications[0]!;
  assert.deepEqual(application.target, { kind: 'script', path: join(project, 'wsgi.py'), callable: null });
  assert.equal(application.workingDirectory, project);
  assert.match(application.interpreterVersion, /^3\.\d+\.\d+$/);
  const processes = Math.min(4, availableParallelism());
  assert.deepEqual(application.processes, { min: processes, max: processes });
  assert.equal(application.threads, 8);
  assert.equal(application.queueTimeoutMs, 45_000);
  assert.deepEqual(configuration.listen, [{ kind: 'tcp', host: '127.0.0.1', port: 8000 }]);
  assert.deepEqual(configuration.logs, {
    level: 'info',
    directory: null,
    accessLog: true,
    rotation: null,
    accessLogFormat: 'combined',
    accessLogs: [],
    slowRequestsMs: 0,
  });
  assert.equal(serverRoot, '/tmp/fresh');
});

test('response-socket-timeout is socket-timeout unless it is set', async (t) => {
  const project = makeProject(t);
  const timeoutMs = async (...argv: string[]) =>
    (await load(project, { argv })).configuration.http.responseSocketTimeoutMs;
  assert.equal(await timeoutMs(), 60_000);
  assert.equal(await timeoutMs('--socket-timeout', '7'), 7_000);
  assert.equal(await timeoutMs('--socket-timeout', '7', '--response-socket-timeout', '8'), 8_000);
});

test('the configuration is frozen to its leaves', async (t) => {
  const { configuration } = await load(makeProject(t));
  const isFrozen = (value: unknown): boolean =>
    typeof value !== 'object' ||
    value === null ||
    (Object.isFrozen(value) && Object.values(value).every(isFrozen));
  assert.ok(isFrozen(configuration));
});

test('flags beat environment beats file beats default, and each value knows its origin', async (t) => {
  const project = makeProject(t, { 'vivarium.toml': 'threads = 2\n' });
  const environment = { VIVARIUM_THREADS: '3' };
  const argv = ['--threads', '4'];
  const threads = async (circumstances: Circumstances) => [
    (await load(project, circumstances)).configuration.applications[0]?.threads,
    await originOf(project, 'threads', circumstances),
  ];
  assert.deepEqual(await threads({ argv, environment }), [4, '--threads']);
  assert.deepEqual(await threads({ environment }), [3, '$VIVARIUM_THREADS']);
  assert.deepEqual(await threads({}), [2, 'vivarium.toml:1']);
  assert.equal(await originOf(project, 'port'), 'default');
  assert.equal(await originOf(project, 'application'), 'found: wsgi.py');
});

test('the file is vivarium.toml, then pyproject.toml, in the directory of TARGET, or the one --config names', async (t) => {
  const files = {
    'app/wsgi.py': textApplication('hello'),
    'app/pyproject.toml': '[tool.vivarium]\nthreads = 2\n',
    'other.toml': 'threads = 4\n',
  };
  const threads = async (folder: string, ...argv: string[]) =>
    (await load(folder, { argv })).configuration.applications[0]?.threads;
  const shared = makeFolder(t, files);
  assert.equal(await threads(shared, 'app'), 2);
  assert.equal(await threads(shared, 'app/wsgi.py'), 2);
  assert.equal(await threads(shared, 'app', '--config', 'other.toml'), 4);
  const own = makeFolder(t, { ...files, 'app/vivarium.toml': 'threads = 3\n' });
  assert.equal(await threads(own, 'app'), 3);
});

test('paths of the file are relative to it, those of the command line to the current directory', async (t) => {
  const project = makeFolder(t, {
    'conf/vivarium.toml': 'application = "../app/wsgi.py"\nlog-directory = "logs"\n',
    'app/wsgi.py': textApplication('hello'),
  });
  const { configuration } = await load(project, {
    argv: ['--config', 'conf/vivarium.toml', '--pid-file', 'run/pid'],
  });
  assert.equal(configuration.logs.directory, join(project, 'conf/logs'));
  assert.equal(configuration.pidFile, join(project, 'run/pid'));
  assert.equal(configuration.applications[0]?.workingDirectory, join(project, 'app'));
});

test('TARGET beats the application of the file', async (t) => {
  const project = makeProject(t, { 'vivarium.toml': 'application = "shop.wsgi:application"\n' });
  const target = async (circumstances: Circumstances) =>
    (await load(project, circumstances)).configuration.applications[0]?.target;
  const ofFile = { kind: 'module', module: 'shop.wsgi', callable: 'application' };
  assert.deepEqual(await target({}), ofFile);
  assert.deepEqual(await target({ argv: ['.'] }), ofFile);
  assert.deepEqual(await target({ argv: ['a.b:c'] }), { kind: 'module', module: 'a.b', callable: 'c' });
  assert.deepEqual(await target({ environment: { VIVARIUM_APPLICATION: 'x.y' } }), {
    kind: 'module',
    module: 'x.y',
    callable: null,
  });
  assert.deepEqual(await mistakes(project, { argv: ['wsgi.py', '--application', 'x'] }), [
    '--application: found beside TARGET; allowed: one of them',
  ]);
});

test('callable-object names the callable, and must not contradict TARGET', async (t) => {
  const project = makeProject(t);
  const argv = ['shop.wsgi', '--callable-object', 'app'];
  const [application] = (await load(project, { argv })).configuration.applications;
  assert.deepEqual(application?.target, { kind: 'module', module: 'shop.wsgi', callable: 'app' });
  assert.deepEqual(await mistakes(project, { argv: ['shop:site', '--callable-object', 'app'] }), [
    '--callable-object: found "app", but the application is named with :site',
  ]);
});

test('setenv beats passenv, which copies what is set and warns of what is not', async (t) => {
  const project = makeProject(t);
  const argv = ['--passenv', 'A', '--passenv', 'B', '--passenv', 'C', '--setenv', 'B', 'set'];
  const { configuration, warnings } = await load(project, { argv, environment: { A: 'a', B: 'b' } });
  assert.deepEqual(configuration.applications[0]?.environment, { A: 'a', B: 'set' });
  assert.deepEqual(warnings, ['passenv C: the environment has no such variable']);
});

test('listen replaces host and port, unless these come from a stronger source', async (t) => {
  const project = makeProject(t, {
    'vivarium.toml': 'listen = [":80", "unix:app.sock", "fd:5"]\nport = 81\n',
  });
  assert.deepEqual((await load(project)).configuration.listen, [
    { kind: 'tcp', host: '0.0.0.0', port: 80 },
    { kind: 'unix', path: join(project, 'app.sock') },
    { kind: 'fd', fd: 5 },
  ]);
  const { configuration, entries } = await load(project, { argv: ['--port', '82'] });
  assert.deepEqual(configuration.listen, [{ kind: 'tcp', host: '127.0.0.1', port: 82 }]);
  assert.ok(!entries.some(({ name }) => name === 'listen'));
});

test('the admin listener has an address of its own', async (t) => {
  const project = makeProject(t);
  const adminListen = async (...argv: string[]) => (await load(project, { argv })).configuration.adminListen;
  assert.equal(await adminListen(), null);
  assert.deepEqual(await adminListen('--admin-listen', ':9464'), {
    kind: 'tcp',
    host: '0.0.0.0',
    port: 9464,
  });
  assert.notEqual(await adminListen('--port', '0', '--admin-listen', '127.0.0.1:0'), null);
  for (const argv of [
    ['--port', '9464', '--admin-listen', '127.0.0.1:9464'],
    ['--listen', 'unix:a.sock', '--listen', '127.0.0.1:9464', '--admin-listen', '127.0.0.1:9464'],
  ]) {
    await assert.rejects(load(project, { argv }), {
      message:
        /--admin-listen: found "127\.0\.0\.1:9464"; allowed: an address that the site does not listen on/,
    });
  }
});

test('sockets of systemd are used when nothing else is asked for', async (t) => {
  const project = makeProject(t);
  const environment = { LISTEN_FDS: '2', LISTEN_PID: String(PID) };
  const listen = async (...argv: string[]) =>
    (await load(project, { argv, environment })).configuration.listen;
  assert.deepEqual(await listen(), [
    { kind: 'fd', fd: 3 },
    { kind: 'fd', fd: 4 },
  ]);
  assert.deepEqual(await listen('--port', '82'), [{ kind: 'tcp', host: '127.0.0.1', port: 82 }]);
  assert.deepEqual(await listen('--listen', 'fd:9'), [{ kind: 'fd', fd: 9 }]);
});

test('logs go to the terminal, to a directory, or to the server root', async (t) => {
  const project = makeProject(t, { 'vivarium.toml': 'log-to-terminal = true\n' });
  const directory = async (...argv: string[]) =>
    (await load(project, { argv: ['--server-root', '/run/v', ...argv] })).configuration.logs.directory;
  assert.equal(await directory(), null);
  assert.equal(await directory('--log-directory', '/logs'), '/logs');
  assert.equal(await directory('--log-directory', '/logs', '--log-to-terminal'), null);
  assert.equal(await directory('--no-log-to-terminal'), '/run/v');
});

test('python and python-home: the stronger counts, as strong as each other they contradict', async (t) => {
  const project = makeProject(t, { 'vivarium.toml': 'python-home = "nowhere"\n' });
  assert.deepEqual(await mistakes(project, { argv: ['--python', 'python3'] }), []);
  assert.deepEqual(await mistakes(project, { argv: ['--python', 'python3', '--python-home', '/x'] }), [
    '--python-home: found beside python; allowed: one of them',
  ]);
  assert.deepEqual(await mistakes(project), [
    `python-home: found "${join(project, 'nowhere')}"; there is no bin/python in it`,
  ]);
});

test('limits that contradict each other are refused at the one that was given', async (t) => {
  const project = makeProject(t, { 'vivarium.toml': 'limit-request-head = "4k"\nbody-max-timeout = 10\n' });
  const argv = ['--header-timeout', '1m', '--working-directory', '/nowhere'];
  assert.deepEqual(await mistakes(project, { argv }), [
    'vivarium.toml:1: limit-request-head: found 4k; allowed: no less than limit-request-line, which is 8190',
    'vivarium.toml:1: limit-request-head: found 4k; allowed: no less than limit-request-field-size, which is 8190',
    '--header-timeout: found 60s; allowed: no more than header-max-timeout, which is 30s',
    'vivarium.toml:2: body-max-timeout: found 10s; allowed: no less than body-timeout, which is 15s',
    '--working-directory: found "/nowhere"; there is no such directory',
  ]);
});

test('AJP for other machines needs a secret', async (t) => {
  const project = makeProject(t);
  const argv = ['--listen', 'ajp://:8009', '--gateway-allow-ips'];
  for (const network of ['127.0.0.0/8', '127.0.0.1', '::1'])
    assert.deepEqual(await mistakes(project, { argv: [...argv, network] }), []);
  for (const network of ['10.0.0.0/8', '0.0.0.0/0', '127.0.0.0/7', '::/0'])
    assert.deepEqual(await mistakes(project, { argv: [...argv, network] }), [
      `--listen: found "ajp://:8009" for ${network} without ajp-secret; allowed: both, or only addresses of this machine`,
    ]);
  assert.deepEqual(await mistakes(project, { argv: [...argv, '::/0', '--ajp-secret', 'x'] }), []);
});

test('users and groups must exist, and only root changes them', async (t) => {
  const project = makeProject(t);
  assert.deepEqual(await mistakes(project, { argv: ['--user', 'root'] }), [
    '--user: found "root"; only root can run as another user',
  ]);
  assert.deepEqual(await mistakes(project, { argv: ['--user', 'nosuch', '--group', 'nosuch'], uid: 0 }), [
    '--user: found "nosuch"; there is no such user',
    '--group: found "nosuch"; there is no such group',
  ]);
});

test('running the application as root deserves a warning', async (t) => {
  const { warnings } = await load(makeProject(t), { uid: 0 });
  assert.deepEqual(warnings, ['the application runs as root; name another user with --user']);
});

test('an alias for what is not there yet deserves a warning', async (t) => {
  const { warnings, configuration } = await load(makeProject(t), {
    argv: ['--url-alias', '/media/', 'media'],
  });
  const [alias] = configuration.sites[0]!.urlAliases;
  assert.equal(alias?.url, '/media');
  assert.deepEqual(warnings, [`url-alias /media: there is no ${alias.path} yet`]);
});

test('all mistakes of all sources are reported at once, and nothing is run', async (t) => {
  const project = makeFolder(t, {
    'vivarium.toml': 'threds = 8\nprocesses = 0\n',
    'manage.py': 'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")',
    'shop/settings.py': 'open("was-run", "w")',
  });
  const environment = { VIVARIUM_PROT: '80', VIVARIUM_HOST: 'a b' };
  const argv = ['--acess-log', '--port', 'http', '--python', '/x/python'];
  assert.deepEqual(await mistakes(project, { argv, environment }), [
    '--acess-log: no such option; did you mean --access-log?',
    'VIVARIUM_PROT: no such setting; did you mean VIVARIUM_PORT?',
    'vivarium.toml:1: threds: no such setting; did you mean threads?',
    'vivarium.toml:2: processes: found 0; allowed: a whole number from 1 to 1024, or MIN:MAX, as 1:8, with MIN from 0 to MAX',
    'VIVARIUM_HOST: found "a b"; allowed: a host name or an IP address',
    '--port: found "http"; allowed: a whole number from 0 to 65535',
    'python: found "/x/python"; there is no such program',
  ]);
  // Nor with an interpreter that could be run.
  await mistakes(project, { argv: ['--port', 'http'] });
  assert.ok(!existsSync(join(project, 'was-run')));
});

test('a TARGET that is nothing is refused where it was named', async (t) => {
  const project = makeProject(t, { 'vivarium.toml': '\napplication = "no/wsgi.py"\n' });
  const allowed =
    'allowed: a directory, a file, package.module, package.module:callable or package.module:factory()';
  assert.deepEqual(await mistakes(project), [
    `vivarium.toml:2: application: found "no/wsgi.py"; there is no file ${project}/no/wsgi.py; ${allowed}`,
  ]);
  assert.deepEqual(await mistakes(project, { argv: ['wsgy.py'] }), [
    `TARGET: found "wsgy.py"; there is no file ${project}/wsgy.py; ${allowed}`,
  ]);
});

test('an empty directory says what was looked for', async (t) => {
  const project = makeFolder(t, { 'pyproject.toml': '[project]', 'vivarium.toml': 'threads = 2' });
  assert.deepEqual((await mistakes(project))[0]?.split('\n'), [
    `application: none found in ${project}; looked for`,
    '  vivarium.toml: there, but names no application',
    '  pyproject.toml: there, but has no [tool.vivarium]',
    '  manage.py: not there',
    '  wsgi.py: not there',
    '  app.py: not there',
    '  main.py: not there',
  ]);
});
