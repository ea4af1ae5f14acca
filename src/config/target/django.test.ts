/** A stand-in for the package `django` answers here as Django does; test/scenarios/ has the real one. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { makeFolder } from '../../../test/support/folder.ts';
import { readDjangoProject, readSettingsModule } from './django.ts';

const DJANGO = {
  'django/__init__.py': '',
  'django/conf/__init__.py':
    'import importlib, os\nsettings = importlib.import_module(os.environ["DJANGO_SETTINGS_MODULE"])\n',
  'django/urls.py':
    'from django.conf import settings\ndef set_script_prefix(prefix):\n' +
    '  if not settings.STATIC_URL.startswith(("/", "http")): settings.STATIC_URL = prefix + settings.STATIC_URL\n',
  'django/contrib/admin/static/admin/base.css': '',
};
const MANAGE_PY = 'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")';

interface Project {
  readonly settings: readonly string[];
  readonly files?: Readonly<Record<string, string>>;
  readonly mountPoint?: string;
}

async function read(t: TestContext, { settings, files = {}, mountPoint = '/' }: Project) {
  const defaults =
    'INSTALLED_APPS, WSGI_APPLICATION, STATIC_URL, STATIC_ROOT = [], "shop.wsgi.application", "static/", None';
  const folder = makeFolder(t, {
    ...DJANGO,
    'manage.py': MANAGE_PY,
    'shop/__init__.py': '',
    'shop/settings.py': [defaults, ...settings].join('\n'),
    ...files,
  });
  const python = {
    interpreter: 'python3',
    workingDirectory: folder,
    environment: process.env,
    identity: null,
  };
  const project = await readDjangoProject(folder, 'shop.settings', python, { mountPoint, pythonPath: [] });
  return JSON.parse(JSON.stringify(project).replaceAll(folder, '/app'));
}

const target = { kind: 'module', module: 'shop.wsgi', callable: 'application' };

test('manage.py names the settings, as Django writes it or by assignment', (t) => {
  const named = (content: string) => readSettingsModule(makeFolder(t, { 'manage.py': content }));
  assert.equal(named(`  ${MANAGE_PY}`), 'shop.settings');
  assert.equal(named("os.environ['DJANGO_SETTINGS_MODULE'] = 'a.b.c'"), 'a.b.c');
  assert.equal(
    named('os.environ.setdefault(\n    "DJANGO_SETTINGS_MODULE",\n    "shop.settings",\n)'),
    'shop.settings',
  );
  assert.equal(named('print("no Django")'), null);
  assert.equal(readSettingsModule(makeFolder(t)), null);
});

test('STATIC_ROOT that exists is served at STATIC_URL', async (t) => {
  const settings = ['STATIC_ROOT = "collected"', 'print("noise")'];
  const found = await read(t, { settings, files: { 'collected/a.css': '' } });
  assert.deepEqual(found, {
    target,
    staticFiles: {
      url: '/static/',
      path: '/app/collected',
      from: 'STATIC_URL and STATIC_ROOT of shop.settings',
    },
    warnings: [],
  });
});

test('a relative STATIC_URL is below the mount point', async (t) => {
  const files = { 'collected/a.css': '' };
  const found = await read(t, { settings: ['STATIC_ROOT = "collected"'], files, mountPoint: '/shop' });
  assert.equal(found.staticFiles.url, '/shop/static/');
});

test('without STATIC_ROOT the files of the admin are served, with a warning that says what to do', async (t) => {
  const found = await read(t, { settings: ['INSTALLED_APPS = ["django.contrib.admin"]'] });
  assert.deepEqual(found.staticFiles, {
    url: '/static/admin',
    path: '/app/django/contrib/admin/static/admin',
    from: 'django.contrib.admin',
  });
  assert.deepEqual(found.warnings, [
    'of the static files only those of the admin are served: STATIC_ROOT is not set in shop.settings; set it and run "manage.py collectstatic"',
  ]);
});

test("without STATIC_ROOT and admin there is a warning, and for somebody else's URL there is none", async (t) => {
  const missing = await read(t, { settings: ['STATIC_ROOT = "/nowhere"'] });
  assert.deepEqual(
    [missing.staticFiles, missing.warnings],
    [
      null,
      ['static files are not served: STATIC_ROOT (/nowhere) does not exist; run "manage.py collectstatic"'],
    ],
  );
  const elsewhere = await read(t, { settings: ['STATIC_URL = "https://cdn.example/"'] });
  assert.deepEqual([elsewhere.staticFiles, elsewhere.warnings], [null, []]);
});

test('without WSGI_APPLICATION it is the wsgi.py beside the settings', async (t) => {
  const settings = ['WSGI_APPLICATION = None'];
  const found = await read(t, { settings, files: { 'shop/wsgi.py': '' } });
  assert.deepEqual(found.target, { kind: 'module', module: 'shop.wsgi', callable: null });
  assert.equal(
    (await read(t, { settings })).mistake,
    'application: the settings of the Django project, shop.settings, name none: they have no WSGI_APPLICATION, and the project has no wsgi.py',
  );
});

test('settings that cannot be imported say why', async (t) => {
  const settings = ['raise KeyError("SECRET")'];
  assert.equal(
    (await read(t, { settings })).mistake,
    "application: the settings of the Django project, shop.settings, name none: KeyError: 'SECRET'",
  );
  const found = await read(t, { settings, files: { 'shop/wsgi.py': '' } });
  assert.deepEqual(found.warnings, [
    "the Django settings shop.settings cannot be read (KeyError: 'SECRET'), so static files are not served",
  ]);
});
