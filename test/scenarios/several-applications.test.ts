/** Several applications in one server: each answers at its place, as its user, with its Python, and on its own. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { askServer } from '../../src/control/client.ts';
import type { ServerStatus } from '../../src/control/protocol.ts';
import { assertEachRunOnce, CountingLoad } from '../support/counting-load.ts';
import { makeFolder } from '../support/folder.ts';
import { findFramework } from '../support/frameworks.ts';
import { findInterpreters } from '../support/interpreters.ts';
import { getOnce } from '../support/raw-client.ts';
import { APPS, type Server, startServer } from '../support/vivarium.ts';

const flask = findFramework('flask');
const django = findFramework('django');

/** Says who it is, and runs `more` when it is loaded. */
function application(name: string, more = ''): string {
  return [
    'import os, sys',
    more,
    'def application(environ, start_response):',
    '    start_response("200 OK", [("Content-Type", "text/plain"), ("X-Pid", str(os.getpid()))])',
    '    version = ".".join(map(str, sys.version_info[:2]))',
    `    words = ["${name}", environ["SCRIPT_NAME"], environ["PATH_INFO"], version, str(os.getuid())]`,
    '    return ["|".join(words).encode()]',
    '',
  ].join('\n');
}

interface Started {
  readonly folder: string;
  readonly server: Server;
  get(target: string): Promise<string>;
  status(): Promise<ServerStatus>;
}

async function serve(
  t: TestContext,
  toml: string,
  files: Readonly<Record<string, string>> = {},
  env: Readonly<Record<string, string>> = {},
): Promise<Started> {
  const folder = makeFolder(t, { 'vivarium.toml': toml, ...files });
  // Workers of other users have to read it.
  chmodSync(folder, 0o755);
  const root = `${folder}/root`;
  const server = await startServer(['--server-root', root, '--no-access-log'], { cwd: folder, env });
  t.after(() => server.stop());
  const get = async (target: string) => (await getOnce(server.port, target)).text;
  const status = async () => {
    const answer = await askServer(root, { command: 'status' });
    assert.ok(answer.ok);
    return answer.status!;
  };
  return { folder, server, get, status };
}

const TWO = `
[applications.shop]
application = "shop.py"
mount-point = "/shop"
processes = 1
[applications.blog]
application = "blog.py"
processes = 2
`;

test('Flask and Django, by path', { skip: flask.skip || django.skip }, async (t) => {
  const data = makeFolder(t);
  const { get, server } = await serve(
    t,
    `[applications.flask]
application = "${APPS}flask_app.py"
python = "${flask.interpreter}"
mount-point = "/flask"
processes = 1
[applications.django]
application = "${APPS}django_project"
python = "${django.interpreter}"
processes = 1
setenv = { SHOP_DATA = "${data}", PYTHONDONTWRITEBYTECODE = "1" }
`,
  );
  assert.equal(await get('/flask/'), 'Hello from Flask');
  assert.deepEqual(await (await fetch(`${server.url}/flask/greet/ada`)).json(), {
    name: 'ada',
    url: `${server.url}/flask/greet/ada`,
    root: '/flask',
    scheme: 'http',
  });
  assert.equal(await get('/'), 'Hello from Django');
  assert.match(await get('/stream'), /^line 0\n/);
});

test('each has the Python that its table names', async (t) => {
  const pythons = findInterpreters();
  const tables = pythons.map(
    ({ path }, n) =>
      `[applications.a${n}]\napplication = "a.py"\nmount-point = "/${n}"\nprocesses = 1\npython = "${path}"\n`,
  );
  const { get, status } = await serve(t, tables.join(''), { 'a.py': application('a') });
  for (const [n, { version }] of pythons.entries()) {
    const [, scriptName, pathInfo, found] = (await get(`/${n}/x`)).split('|');
    assert.deepEqual(
      [scriptName, pathInfo, found],
      [`/${n}`, '/x', version.split('.').slice(0, 2).join('.')],
    );
  }
  assert.deepEqual(
    (await status()).applications.map(({ python }) => python),
    pythons.map(({ version }) => version),
  );
});

test('a site, a route and a mount point lead to their application, and to what is below it', async (t) => {
  const { server } = await serve(
    t,
    `application = "top.py"
processes = 1
${TWO}
[applications.api]
application = "api.py"
mount-point = "/api"
processes = 1
[[routes]]
match = { header = { x-api = "*" } }
application = "api"
[[sites]]
hosts = ["blog.example.org"]
application = "blog"
`,
    Object.fromEntries(['top', 'shop', 'blog', 'api'].map((name) => [`${name}.py`, application(name)])),
  );
  const ask = async (target: string, ...fields: string[]) => {
    const response = await getOnce(server.port, target, fields);
    return response.status === 200 ? response.text.split('|').slice(0, 3).join('|') : String(response.status);
  };
  assert.equal(await ask('/x'), 'top||/x');
  assert.equal(await ask('/shop'), 'shop|/shop|');
  assert.equal(await ask('/shop/a%2Fb'), 'shop|/shop|/a/b');
  assert.equal(await ask('/shopping'), 'top||/shopping');
  assert.equal(await ask('http://blog.example.org/shop'), 'blog||/shop');
  assert.equal(await ask('/api/x', 'X-Api: 1'), 'api|/api|/x');
  assert.equal(await ask('/apiary', 'X-Api: 1'), '404');
  assert.equal(await ask('/api/x'), 'top||/api/x');
});

test('kill -9 of one application is nothing to the other', async (t) => {
  const countFile = `${makeFolder(t)}/count`;
  const { server, get, status } = await serve(
    t,
    `application = "${APPS}counting.py"
processes = 2
setenv = { COUNT_FILE = "${countFile}" }
${TWO.replace('processes = 2', 'processes = 2\nmount-point = "/blog"')}`,
    { 'shop.py': application('shop'), 'blog.py': application('blog') },
  );
  const load = new CountingLoad(server.port, { connections: 8 });
  for (let n = 0; n < 5; n++) {
    await load.waitForAnswers(50);
    const pid = Number((await getOnce(server.port, '/shop')).get('x-pid'));
    const from = server.output.length;
    process.kill(pid, 'SIGKILL');
    await server.waitForOutput(
      new RegExp(`worker-exited: shop: worker \\d+ \\(pid ${pid}\\) was killed`),
      from,
    );
    assert.match(await get('/shop/again'), /^shop\|/);
  }
  assertEachRunOnce(await load.stop(), countFile);
  const { restarts, applications } = await status();
  assert.equal(restarts.workers, 5);
  assert.deepEqual(
    applications.map(({ workers }) => workers.length),
    [2, 1, 2],
  );
});

test('a reload is for all or for none, or for the one that is named', async (t) => {
  const files = { 'shop.py': application('shop'), 'blog.py': application('blog') };
  // Files that change are not what reloads here.
  const toml = TWO.replaceAll('processes', 'disable-reloading = true\nprocesses');
  const { folder, get } = await serve(t, toml, files);
  const reload = (name: string | null) =>
    askServer(`${folder}/root`, { command: 'reload', application: name });
  writeFileSync(`${folder}/shop.py`, application('shop 2'));
  writeFileSync(`${folder}/blog.py`, 'import no_such_module');
  const failed = await reload(null);
  assert.ok(!failed.ok);
  assert.match(failed.why, /^blog: worker .*No module named 'no_such_module'/);
  assert.match(await get('/shop'), /^shop\|/);

  assert.ok((await reload('shop')).ok);
  assert.match(await get('/shop'), /^shop 2\|/);
  assert.match(await get('/'), /^blog\|/);
  const unknown = await reload('nix');
  assert.ok(!unknown.ok);
  assert.equal(unknown.why, 'there is no application "nix"; there are "shop", "blog"');

  writeFileSync(`${folder}/blog.py`, application('blog 2'));
  assert.ok((await reload(null)).ok);
  assert.match(await get('/'), /^blog 2\|/);
});

test('a script that changes reloads its application alone', async (t) => {
  const files = { 'shop.py': application('shop'), 'blog.py': application('blog') };
  const { folder, server, get } = await serve(t, TWO, files);
  const pid = (await getOnce(server.port, '/shop')).get('x-pid');
  writeFileSync(`${folder}/blog.py`, application('blog 2'));
  await server.waitForOutput(/reload-finished: blog: /);
  assert.match(await get('/'), /^blog 2\|/);
  assert.equal((await getOnce(server.port, '/shop')).get('x-pid'), pid);
});

test('one that cannot be loaded is answered 503, and the others are served', async (t) => {
  const files = { 'shop.py': 'import no_such_module', 'blog.py': application('blog') };
  const { server, get, status } = await serve(t, TWO, files);
  assert.equal((await getOnce(server.port, '/shop')).status, 503);
  assert.match(await get('/x'), /^blog\|\|\/x/);
  const { problems } = await status();
  assert.equal(problems.length, 1);
  assert.match(problems[0]!, /^the application shop is not available: .*no_such_module/);
});

test('a gateway that is killed knows all applications again', async (t) => {
  const files = { 'shop.py': application('shop'), 'blog.py': application('blog') };
  const { server, get, status } = await serve(t, TWO, files);
  process.kill((await status()).gateway.pid!, 'SIGKILL');
  await server.waitForOutput(/gateway-replaced/);
  assert.match(await get('/shop'), /^shop\|/);
  assert.match(await get('/'), /^blog\|/);
});

/** Two users that are not root, and that every system has. */
function findUsers(): { name: string; uid: string }[] {
  const entries = readFileSync('/etc/passwd', 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(':'));
  return entries.filter(([, , uid]) => uid !== '0').map(([name, , uid]) => ({ name: name!, uid: uid! }));
}

/** An interpreter that other users can run too, unlike one in a home directory. */
const PYTHON = '/usr/bin/python3';

function whyNotOtherUsers(): string | false {
  if (process.getuid!() !== 0) return 'only root can change user';
  return existsSync(PYTHON) ? false : `there is no ${PYTHON}`;
}

test('each runs as its own user, and is replaced when it dies', { skip: whyNotOtherUsers() }, async (t) => {
  const [first, second] = [findUsers().at(0)!, findUsers().at(-1)!];
  const { server, get } = await serve(
    t,
    `user = "${first.name}"
application = "top.py"
python = "${PYTHON}"
processes = 1
[applications.shop]
application = "shop.py"
mount-point = "/shop"
user = "${second.name}"
python = "${PYTHON}"
processes = 1
`,
    { 'top.py': application('top'), 'shop.py': application('shop') },
  );
  assert.equal((await get('/')).split('|')[4], first.uid);
  const shop = await getOnce(server.port, '/shop');
  assert.equal(shop.text.split('|')[4], second.uid, shop.status + shop.text + server.output);
  process.kill(Number(shop.get('x-pid')), 'SIGKILL');
  await server.waitForOutput(/worker-replaced: shop: /);
  assert.equal((await get('/shop')).split('|')[4], second.uid);
});

test('without an application there are routes and files', async (t) => {
  const { folder, server, get, status } = await serve(
    t,
    'url-alias = { "/files" = "." }\n[[routes]]\nmatch = "/gone"\nrespond = 410\n',
    { 'a.txt': 'a file' },
  );
  assert.equal(await get('/files/a.txt'), 'a file');
  assert.equal((await getOnce(server.port, '/gone')).status, 410);
  assert.equal((await getOnce(server.port, '/')).status, 404);
  const { applications, problems } = await status();
  assert.deepEqual([applications, problems], [[], []]);
  assert.ok((await askServer(`${folder}/root`, { command: 'restart' })).ok);
  assert.equal(await get('/files/a.txt'), 'a file');
});
