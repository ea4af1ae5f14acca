/** `[applications.NAME]`, and servers without an application at the top. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { makeFolder, textApplication } from '../../test/support/folder.ts';
import { findInterpreters } from '../../test/support/interpreters.ts';
import { loadConfiguration } from './load.ts';
import { ConfigurationError, describeOrigin } from './origin.ts';
import { readFlags } from './sources/flags.ts';

const NOBODY = 65_534;
const SHOP = { 'shop/wsgi.py': textApplication('shop') };

function load(cwd: string, argv: readonly string[] = [], isDev = false, uid = NOBODY) {
  const { PATH, HOME } = process.env;
  const flags = readFlags(argv, cwd);
  return loadConfiguration({
    flags,
    environment: { PATH, HOME },
    cwd,
    instance: { pid: 4711, serverRoot: '/tmp/fresh' },
    uid,
    isDev,
  });
}

function makeProject(t: TestContext, toml: string, files: Readonly<Record<string, string>> = SHOP): string {
  return makeFolder(t, { 'vivarium.toml': toml, ...files });
}

async function mistakes(t: TestContext, toml: string, files = SHOP): Promise<string[]> {
  const cwd = makeProject(t, toml, files);
  try {
    await load(cwd);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error.mistakes.map((mistake) => mistake.replaceAll(cwd, '.'));
  }
  return [];
}

test('each has its own settings, and those at the top are none of its business', async (t) => {
  const cwd = makeProject(
    t,
    `application = "wsgi.py"
threads = 3
setenv = { A = "top" }
[applications.shop]
application = "shop/wsgi.py"
mount-point = "/shop"
processes = "0:2"
touch-reload = "touched"
[applications.shop.setenv]
B = "shop"
`,
    { ...SHOP, 'wsgi.py': textApplication('top') },
  );
  const { configuration, named } = await load(cwd, ['--request-timeout', '7']);
  const [top, shop] = configuration.applications;
  assert.deepEqual([top!.threads, top!.requestTimeoutMs, top!.environment], [3, 7000, { A: 'top' }]);
  assert.deepEqual([shop!.threads, shop!.requestTimeoutMs, shop!.environment], [8, 60_000, { B: 'shop' }]);
  assert.deepEqual([shop!.name, shop!.mountPoint, shop!.processes], ['shop', '/shop', { min: 0, max: 2 }]);
  assert.deepEqual([shop!.workingDirectory, shop!.touchFiles], [join(cwd, 'shop'), [join(cwd, 'touched')]]);
  assert.deepEqual(configuration.touchFiles, []);
  assert.deepEqual(configuration.sites[0]!.applications, [top!.name, 'shop']);
  const origins = Object.fromEntries(
    named[0]!.entries.map(({ name, origin }) => [name, describeOrigin(origin)]),
  );
  assert.deepEqual(
    [origins.processes, origins.setenv, origins.threads],
    ['vivarium.toml:7', 'vivarium.toml:10', 'default'],
  );
});

test('interpreters are those that each names', async (t) => {
  const [oldest, newest] = [findInterpreters().at(0)!, findInterpreters().at(-1)!];
  const cwd = makeProject(
    t,
    `[applications.shop]
application = "shop"
python = ${JSON.stringify(oldest.path)}
[applications.late]
application = "shop/wsgi.py"
mount-point = "/late"
python = ${JSON.stringify(newest.path)}
`,
  );
  const { applications } = (await load(cwd)).configuration;
  assert.deepEqual(
    applications.map(({ name, interpreterVersion }) => [name, interpreterVersion]),
    [
      ['shop', oldest.version],
      ['late', newest.version],
    ],
  );
});

test('where applications have names, none is looked for', async (t) => {
  const files = { ...SHOP, 'wsgi.py': textApplication('top') };
  const cwd = makeProject(t, '[applications.shop]\napplication = "shop/wsgi.py"\n', files);
  const { applications, sites } = (await load(cwd)).configuration;
  assert.deepEqual([applications.map(({ name }) => name), sites.at(-1)!.applications], [['shop'], ['shop']]);
});

test('one that a site or a route names is not in the default site', async (t) => {
  const cwd = makeProject(
    t,
    `[applications.shop]
application = "shop/wsgi.py"
[applications.blog]
application = "shop/wsgi.py"
[[routes]]
match = "/blog/*"
application = "blog"
[[sites]]
hosts = ["shop.example.org"]
application = "shop"
`,
  );
  const { sites } = (await load(cwd)).configuration;
  assert.deepEqual(
    sites.map(({ applications }) => applications),
    [['shop'], []],
  );
});

test('it runs as the server does, unless its table says more', async (t) => {
  const cwd = makeProject(
    t,
    `user = "root"
[applications.shop]
application = "shop/wsgi.py"
[applications.other]
application = "shop/wsgi.py"
mount-point = "/other"
group = "0"
`,
  );
  const { configuration, named } = await load(cwd, [], false, 0);
  assert.deepEqual(
    configuration.applications.map(({ user, group }) => [user, group]),
    [
      ['root', null],
      [null, '0'],
    ],
  );
  const user = named[0]!.entries.find(({ name }) => name === 'user')!;
  assert.equal(describeOrigin(user.origin), 'with the user of the server');
});

test('vivarium dev has its defaults for all', async (t) => {
  const cwd = makeProject(t, '[applications.shop]\napplication = "shop/wsgi.py"\nthreads = 2\n');
  const { applications, touchFiles } = (await load(cwd, [], true)).configuration;
  const [{ development, processes, threads, touchFiles: own }] = applications as [
    (typeof applications)[number],
  ];
  assert.deepEqual([development.reloadOnChanges, processes.max, threads, own], [true, 1, 2, []]);
  assert.deepEqual(touchFiles, [join(cwd, 'vivarium.toml')]);
});

test('all mistakes are told, each with its place', async (t) => {
  const found = await mistakes(
    t,
    `[applications.shop]
application = "nix.py"
thread = 3
port = 4
[applications."a b"]
application = "shop/wsgi.py"
[applications.c]
threads = "many"
[applications.d]
application = "shop/wsgi.py"
python = "/nix/python"
[applications]
e = 5
`,
  );
  const allowed =
    'allowed: a directory, a file, package.module, package.module:callable or package.module:factory()';
  assert.deepEqual(found.sort(), [
    'vivarium.toml:13: applications.e: found 5; allowed: a table',
    `vivarium.toml:2: applications.shop.application: found "nix.py"; there is no file ./nix.py; ${allowed}`,
    'vivarium.toml:3: applications.shop.thread: no such setting; did you mean threads?',
    'vivarium.toml:4: applications.shop.port: is a setting of the whole server; allowed: at the top of the file',
    'vivarium.toml:5: applications: found "a b"; allowed: a name of letters, digits, - and _',
    'vivarium.toml:7: applications.c: needs application or command',
    'vivarium.toml:8: applications.c.threads: found "many"; allowed: a whole number from 1 to 1024',
    'vivarium.toml:9: applications.d: python: found "/nix/python"; there is no such program',
  ]);
  assert.deepEqual(await mistakes(t, 'applications = 3\n'), [
    'vivarium.toml:1: applications: found 3; allowed: tables like [applications.shop]',
  ]);
});

test('two applications cannot have one name', async (t) => {
  assert.deepEqual(
    await mistakes(
      t,
      `application = "shop/wsgi.py"
mount-point = "/x"
[applications.shop]
application = "shop/wsgi.py"
`,
    ),
    [
      'vivarium.toml:3: applications.shop: found the name of the application at the top; allowed: another name',
    ],
  );
});

test('two applications cannot have one place', async (t) => {
  const blog = '[applications.blog]\napplication = "shop/wsgi.py"\n';
  const found = await mistakes(
    t,
    `mount-point = "/x"\napplication = "shop/wsgi.py"\n${blog}mount-point = "/x/"\n`,
  );
  const rest = 'allowed: a mount-point of its own, or a site or a route that names it';
  assert.deepEqual(found, [
    `vivarium.toml:3: applications.blog: found at the mount-point of the application shop, which is /x; ${rest}`,
  ]);
});

test('a server may do without an application, and without Python', async (t) => {
  const routes = '[[routes]]\nmatch = "/x"\nrespond = 403\n';
  const cwd = makeProject(t, routes, {});
  const { flags, environment } = { flags: readFlags([], cwd), environment: { PATH: '/nowhere' } };
  const request = { flags, environment, cwd, instance: { pid: 4711, serverRoot: '/tmp/fresh' }, uid: NOBODY };
  const { applications, sites } = (await loadConfiguration(request)).configuration;
  assert.deepEqual([applications, sites[0]!.applications], [[], []]);
  const aliased = await load(makeFolder(t), ['--url-alias', '/', cwd]);
  assert.deepEqual(aliased.configuration.applications, []);
  // What is there is served all the same.
  const both = makeProject(t, routes, { 'wsgi.py': textApplication('top') });
  assert.equal((await load(both)).configuration.applications.length, 1);
  // Nothing at all is a mistake.
  const [mistake] = await mistakes(t, 'threads = 2\n', {} as typeof SHOP);
  assert.match(mistake!, /^application: none found in \.; looked for/);
});

test('wsgi-directory: what its applications have in common', async (t) => {
  const cwd = makeProject(
    t,
    'threads = 2\nprocesses = 3\nwarmup = "/"\nwsgi-directory = { "/apps" = "apps" }\n',
    {},
  );
  const { configuration, warnings } = await load(cwd);
  const { wsgiDirectories, applications } = configuration.sites[0]!;
  const [{ url, path, application }] = wsgiDirectories as [(typeof wsgiDirectories)[number]];
  assert.deepEqual([url, path, applications], ['/apps', join(cwd, 'apps'), []]);
  const { processes, threads, warmup, isDropIn, scaling, workingDirectory } = application;
  assert.deepEqual([processes, threads, warmup, isDropIn], [{ min: 0, max: 3 }, 2, [], true]);
  assert.deepEqual([scaling.inactivityTimeoutMs, workingDirectory], [300_000, path]);
  assert.deepEqual(warnings, [`wsgi-directory /apps: there is no directory ${path} yet`]);
});
