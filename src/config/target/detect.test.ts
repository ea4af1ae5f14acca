import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { makeFolder } from '../../../test/support/folder.ts';
import { type DetectOptions, detectApplication } from './detect.ts';

const OPTIONS: DetectOptions = {
  callable: null,
  mountPoint: '/',
  pythonPath: [],
  djangoSettingsModule: null,
  looked: ['vivarium.toml: not there', 'pyproject.toml: not there'],
};

async function detect(t: TestContext, files: Record<string, string>, options: Partial<DetectOptions> = {}) {
  const folder = makeFolder(t, files);
  const python = {
    interpreter: 'python3',
    workingDirectory: folder,
    environment: process.env,
    identity: null,
  };
  const found = await detectApplication(folder, python, { ...OPTIONS, ...options });
  // What is found speaks of the folder; tests speak of /app.
  return JSON.parse(JSON.stringify(found).replaceAll(folder, '/app'));
}

const script = (name: string, callable: string | null = null) => ({
  target: { kind: 'script', path: `/app/${name}`, callable },
  directory: '/app',
  from: name,
  staticFiles: null,
  warnings: [],
});

test('wsgi.py comes before app.py, and app.py before main.py', async (t) => {
  const files = { 'wsgi.py': 'application = 1', 'app.py': 'app = 1', 'main.py': 'app = 1' };
  assert.deepEqual(await detect(t, files), script('wsgi.py'));
  assert.deepEqual(await detect(t, { ...files, 'wsgi.py': 'server = 1' }), script('app.py'));
  assert.deepEqual(await detect(t, { 'main.py': 'app = 1' }), script('main.py'));
});

test('the callable may be bound in any way that Python has, and nothing is run to see it', async (t) => {
  for (const content of [
    'def application(environ, start_response): raise SystemExit',
    'class app: pass',
    'from shop import (\n  create,\n  app,\n)',
    'import shop as application',
    'try:\n  import x\nexcept ImportError:\n  app = None\nraise SystemExit',
    'app: object = 1',
    'with open("x") as app: pass',
  ]) {
    assert.deepEqual(await detect(t, { 'app.py': content }), script('app.py'), content);
  }
});

test('a name inside a function is not the callable', async (t) => {
  const found = await detect(t, { 'app.py': 'def create():\n  app = 1\n  return app' });
  assert.match(found.mistake, /app\.py: there, but without application or app/);
});

test('the wished callable is the one looked for', async (t) => {
  const files = { 'wsgi.py': 'application = 1', 'main.py': 'server = 1' };
  assert.deepEqual(await detect(t, files, { callable: 'server' }), script('main.py', 'server'));
  assert.deepEqual(
    await detect(t, { 'app.py': 'site = 1' }, { callable: 'site.app' }),
    script('app.py', 'site.app'),
  );
});

test('when nothing is found, it says what was looked for, and where', async (t) => {
  const files = { 'manage.py': 'print()', 'app.py': 'import os', 'main.py': 'app = = 1' };
  assert.deepEqual((await detect(t, files)).mistake.split('\n'), [
    'application: none found in /app; looked for',
    '  vivarium.toml: not there',
    '  pyproject.toml: not there',
    '  manage.py: there, but names no Django settings',
    '  wsgi.py: not there',
    '  app.py: there, but without application or app',
    '  main.py: cannot be read: SyntaxError: invalid syntax (main.py, line 1)',
  ]);
});
