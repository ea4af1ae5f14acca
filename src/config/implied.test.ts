import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { makeFolder, textApplication } from '../../test/support/folder.ts';
import { type Loaded, loadConfiguration } from './load.ts';
import { ConfigurationError, describeOrigin } from './origin.ts';
import { entryOf } from './resolve.ts';
import { readFlags } from './sources/flags.ts';

interface Circumstances {
  readonly isDev?: boolean;
  readonly files?: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string>>;
}

function load(t: TestContext, argv: readonly string[], more: Circumstances = {}): Promise<Loaded> {
  const cwd = makeFolder(t, { 'wsgi.py': textApplication('x'), ...more.files });
  const environment = { PATH: process.env.PATH, HOME: process.env.HOME, ...more.environment };
  const { isDev = true } = more;
  return loadConfiguration({
    flags: readFlags(argv, cwd),
    environment,
    cwd,
    instance: { pid: 1, serverRoot: '/tmp/fresh' },
    uid: 65_534,
    isDev,
  });
}

const origin = ({ entries }: Loaded, name: Parameters<typeof entryOf>[1]) =>
  describeOrigin(entryOf(entries, name)!.origin);

test('vivarium dev has defaults of its own, and says so', async (t) => {
  const loaded = await load(t, []);
  const { applications, logs } = loaded.configuration;
  const [application] = applications;
  assert.equal(application!.processes.max, 1);
  assert.deepEqual(
    [application!.requestTimeoutMs, application!.startupTimeoutMs, application!.queueTimeoutMs],
    [0, 0, 0],
  );
  assert.ok(application!.development.reloadOnChanges && application!.development.tracebackPages);
  assert.equal(logs.accessLogFormat, 'pretty');
  assert.equal(application!.environment.FLASK_DEBUG, '1');
  assert.equal(origin(loaded, 'processes'), 'with vivarium dev');
});

test('vivarium serve has none of them', async (t) => {
  const [application] = (await load(t, [], { isDev: false })).configuration.applications;
  assert.equal(application!.requestTimeoutMs, 60_000);
  assert.deepEqual(Object.values(application!.development), [false, false, false, false, null, null, null]);
  assert.deepEqual(application!.environment, {});
});

test('whatever is given wins', async (t) => {
  const files = { 'vivarium.toml': 'processes = 2\n' };
  const environment = { VIVARIUM_REQUEST_TIMEOUT: '7', FLASK_DEBUG: '0' };
  const loaded = await load(t, ['--access-log-format', 'json', '--no-traceback-pages'], {
    files,
    environment,
  });
  const { applications, logs, touchFiles } = loaded.configuration;
  const [application] = applications;
  assert.deepEqual([application!.processes.max, application!.requestTimeoutMs], [2, 7000]);
  assert.deepEqual(touchFiles, [`${application!.workingDirectory}/vivarium.toml`]);
  assert.equal(logs.accessLogFormat, 'json');
  assert.equal(application!.development.tracebackPages, false);
  assert.equal(application!.environment.FLASK_DEBUG, undefined);
});

test('tools bring what they need, with vivarium serve too', async (t) => {
  const loaded = await load(t, ['--enable-debugger', '--enable-recorder', '--enable-profiler'], {
    isDev: false,
  });
  const { applications, gracefulTimeoutMs } = loaded.configuration;
  const { processes, threads, requestTimeoutMs, workingDirectory, development } = applications[0]!;
  assert.deepEqual([processes.max, threads, requestTimeoutMs, gracefulTimeoutMs], [1, 1, 0, 3_600_000]);
  assert.equal(development.recorderDirectory, `${workingDirectory}/archive`);
  assert.equal(development.profilerDirectory, `${workingDirectory}/pstats`);
  assert.equal(development.coverageDirectory, null);
  assert.equal(origin(loaded, 'threads'), 'with enable-debugger');
});

for (const [argv, mistake] of [
  [['--enable-debugger', '--threads', '4'], '--threads: found 4; allowed: 1 with enable-debugger'],
  [['--enable-debugger', '--processes', '2'], '--processes: found 2; allowed: 1 with enable-debugger'],
  [['--enable-profiler', '--threads', '4'], '--threads: found 4; allowed: 1 with enable-profiler'],
  [['--debugger-startup'], '--debugger-startup: found without enable-debugger; allowed: both'],
] as const) {
  test(`${argv.join(' ')} is refused`, async (t) => {
    await assert.rejects(load(t, argv), (error) => {
      assert.ok(error instanceof ConfigurationError);
      assert.deepEqual(error.mistakes, [mistake]);
      return true;
    });
  });
}

test('coverage is refused where it is not installed', async (t) => {
  const files = { 'coverage.py': 'raise ImportError\n' };
  await assert.rejects(
    load(t, ['--enable-coverage'], { files }),
    /^ConfigurationError: --enable-coverage: needs the package coverage/,
  );
});
