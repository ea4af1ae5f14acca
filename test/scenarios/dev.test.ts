/** `vivarium dev`: edits are seen at once, nothing is lost meanwhile, and a failure is shown to its author alone. */
import assert from 'node:assert/strict';
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { assertEachRunOnce, CountingLoad } from '../support/counting-load.ts';
import { makeFolder, textApplication } from '../support/folder.ts';
import { findFramework } from '../support/frameworks.ts';
import { getOnce } from '../support/raw-client.ts';
import {
  APPS,
  ROOT,
  runVivarium,
  type Server,
  startDev,
  startServer,
  VIVARIUM,
  VivariumProcess,
} from '../support/vivarium.ts';

const TERMINAL = `${ROOT}test/support/terminal.py`;

/** Edits a file and waits for what becomes of it. */
async function edit(server: Server, path: string, text: string, outcome: RegExp): Promise<void> {
  const from = server.output.length;
  writeFileSync(path, text);
  await server.waitForOutput(outcome, from);
}

test('an edit of any module is seen, also in one that could not be loaded', async (t) => {
  const folder = makeFolder(t, {
    'wsgi.py': `from shop import views\n${textApplication('').replace('"".', 'views.TEXT.')}`,
    'shop/__init__.py': '',
    'shop/views.py': 'TEXT = "first"\n',
  });
  const server = await startDev([`${folder}/wsgi.py`]);
  t.after(() => server.stop());
  const views = `${folder}/shop/views.py`;
  const text = async () => (await getOnce(server.port, '/')).text;

  assert.equal(await text(), 'first');
  await edit(server, views, 'TEXT = "the second"\n', /reload-finished/);
  assert.equal(await text(), 'the second');
  await edit(server, views, 'from shop.models import TEXT\n', /reload-failed/);
  await edit(server, `${folder}/shop/models.py`, 'TEXT = = "third"\n', /reload-failed/);
  await edit(server, `${folder}/shop/models.py`, 'TEXT = "third"\n', /reload-finished/);
  assert.equal(await text(), 'third');
});

test('an edit mends an application that could not be loaded at the start', async (t) => {
  const folder = makeFolder(t, { 'wsgi.py': 'import json\n1 / 0\n' });
  const server = await startDev([`${folder}/wsgi.py`]);
  t.after(() => server.stop());
  assert.equal((await getOnce(server.port, '/')).status, 503);
  await edit(server, `${folder}/wsgi.py`, textApplication('mended'), /reload-finished/);
  assert.equal((await getOnce(server.port, '/')).text, 'mended');
});

test('an edit is not kept waiting by the one before, which never ends', async (t) => {
  const folder = makeFolder(t, { 'wsgi.py': textApplication('first') });
  const server = await startDev([`${folder}/wsgi.py`]);
  t.after(() => server.stop());
  const stuck = 'import threading\nprint("stuck")\nthreading.Event().wait()\n';
  await edit(server, `${folder}/wsgi.py`, stuck, /stdout: stuck/);
  await edit(server, `${folder}/wsgi.py`, textApplication('second'), /reload-finished/);
  assert.equal((await getOnce(server.port, '/')).text, 'second');
});

test('edits under load lose no request and double none', async (t) => {
  const source = readFileSync(`${APPS}counting.py`, 'utf8');
  const folder = makeFolder(t, { 'wsgi.py': source });
  const countFile = `${folder}/count`;
  const server = await startDev([
    `${folder}/wsgi.py`,
    '--no-access-log',
    '--setenv',
    'COUNT_FILE',
    countFile,
  ]);
  t.after(() => server.stop());
  const load = new CountingLoad(server.port, { connections: 8 });
  for (let n = 0; n < 5; n++) {
    await edit(server, `${folder}/wsgi.py`, `${source}# ${'x'.repeat(n)}\n`, /reload-finished/);
    await load.waitForAnswers(20);
  }
  const tally = await load.stop();
  const runs = assertEachRunOnce(tally, countFile);
  assert.ok(new Set([...runs.values()].map(({ pid }) => pid)).size > 5);
});

const BROWSER = { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

async function get(
  url: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; text: string }> {
  const response = await fetch(url, { headers: { ...BROWSER, ...headers } });
  return { status: response.status, text: await response.text() };
}

const flask = findFramework('flask');
const FLASK = `from flask import Flask
app = Flask(__name__)

@app.get("/")
def hello():
    return "Hello from Flask"

@app.get("/fail")
def fail():
    raise RuntimeError("<b>a view</b>")
`;

test('Flask: the traceback of a view is for browsers on this machine', { skip: flask.skip }, async (t) => {
  const folder = makeFolder(t, { 'app.py': FLASK });
  const server = await startDev([folder, '--python', flask.interpreter]);
  t.after(() => server.stop());
  assert.deepEqual(await get(server.url), { status: 200, text: 'Hello from Flask' });

  const failure = await get(`${server.url}/fail?x=1`, { Cookie: 'session=s3cret' });
  assert.equal(failure.status, 500);
  for (const part of [
    'RuntimeError',
    '&lt;b&gt;a view&lt;/b&gt;',
    `${folder}/app.py`,
    'GET /fail?x=1',
    'HTTP_COOKIE',
  ])
    assert.ok(failure.text.includes(part), part);
  for (const part of ['<b>a view', 's3cret']) assert.ok(!failure.text.includes(part), part);
  assert.match(
    (await get(`${server.url}/fail`, { Accept: '*/*' })).text,
    /^Traceback [\s\S]*RuntimeError: <b>a view<\/b>\n$/,
  );

  const elsewhere = await get(`${server.url}/fail`, { 'X-Forwarded-For': '127.0.0.1' });
  assert.equal(elsewhere.status, 500);
  assert.ok(!elsewhere.text.includes('RuntimeError'));
  await server.waitForOutput(/^[\d:]+ {2}500 .* GET \/fail\?x=1$/m);
});

test('Flask: an edit that breaks the application is seen at once by its author, and by nobody else', {
  skip: flask.skip,
}, async (t) => {
  const folder = makeFolder(t, { 'app.py': FLASK });
  const server = await startDev([folder, '--python', flask.interpreter]);
  t.after(() => server.stop());
  await edit(server, `${folder}/app.py`, FLASK.replace('def fail', 'def fail fail'), /reload-failed/);
  const broken = await get(server.url);
  assert.equal(broken.status, 503);
  assert.match(broken.text, /could not be loaded[\s\S]*SyntaxError[\s\S]*def fail fail/);
  assert.deepEqual(await get(server.url, { Via: '1.1 proxy' }), { status: 200, text: 'Hello from Flask' });
  await edit(server, `${folder}/app.py`, FLASK.replace('Hello', 'Hello again'), /reload-finished/);
  assert.deepEqual(await get(server.url), { status: 200, text: 'Hello again from Flask' });
});

const django = findFramework('django');

test('Django: edits of a view are seen, good and bad', { skip: django.skip }, async (t) => {
  const folder = makeFolder(t);
  cpSync(`${APPS}django_project`, folder, { recursive: true });
  const server = await startDev([folder, '--python', django.interpreter]);
  t.after(() => server.stop());
  const urls = `${folder}/shop/urls.py`;
  const source = readFileSync(urls, 'utf8');
  const own = `${source}\nfrom django.http import HttpResponse\nurlpatterns += [path("own", lambda request: HttpResponse("TEXT"))]\n`;
  // Loads the module, which Django does with the first request.
  await get(server.url);
  await edit(server, urls, own.replace('TEXT', 'first'), /reload-finished/);
  assert.deepEqual(await get(`${server.url}/own`), { status: 200, text: 'first' });
  await edit(server, `${folder}/shop/settings.py`, 'import nothing_of_this_name\n', /reload-failed/);
  assert.match((await get(`${server.url}/own`)).text, /nothing_of_this_name/);
  cpSync(`${APPS}django_project/shop/settings.py`, `${folder}/shop/settings.py`);
  await server.waitForOutput(/reload-finished[\s\S]*reload-failed[\s\S]*reload-finished/);
  assert.deepEqual(await get(`${server.url}/own`), { status: 200, text: 'first' });
});

test('vivarium serve shows no traceback to anybody', async (t) => {
  const folder = makeFolder(t, { 'wsgi.py': 'def application(environ, start_response):\n    1 / 0\n' });
  const server = await startServer([`${folder}/wsgi.py`, '--processes', '1']);
  t.after(() => server.stop());
  const failure = await get(server.url);
  assert.equal(failure.status, 500);
  assert.ok(!failure.text.includes('ZeroDivisionError'));
});

test('the tools leave their files when the server stops', async (t) => {
  const folder = makeFolder(t, { 'wsgi.py': textApplication('hello') });
  const options = { cwd: folder };
  const server = await startDev(['wsgi.py', '--enable-profiler', '--enable-recorder'], options);
  assert.equal((await getOnce(server.port, '/')).text, 'hello');
  await server.stop();
  assert.match(readdirSync(`${folder}/pstats`).join(), /^\d+-\d+\.pstats$/);
  const archive = readdirSync(`${folder}/archive`).sort();
  assert.deepEqual(
    archive.map((name) => name.replace(/^[\d-]+/, '')),
    ['.request', '.response'],
  );
  const response = readFileSync(`${folder}/archive/${archive[1]}`, 'utf8');
  assert.equal(response, 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nhello');
});

test('recorded requests can be replayed, and an edit that changes an answer is told', async (t) => {
  const folder = makeFolder(t, { 'wsgi.py': textApplication('hello') });
  const record = await startDev(['wsgi.py', '--enable-recorder'], { cwd: folder });
  t.after(() => record.stop());
  const post = { method: 'POST', body: new URLSearchParams({ a: 'b' }) };
  assert.equal(await (await fetch(`${record.url}/form`, post)).text(), 'hello');
  await record.stop();

  const server = await startDev(['wsgi.py'], { cwd: folder });
  t.after(() => server.stop());
  const replay = () => runVivarium(['replay', `${folder}/archive`, server.url]);
  const same = await replay();
  assert.match(same.output, /^200 .* POST \/form\n1 request, all as before\n$/);
  assert.equal(same.code, 0);
  await edit(server, `${folder}/wsgi.py`, textApplication('help'), /reload-finished/);
  const changed = await replay();
  assert.match(
    changed.output,
    /body differs from byte 3 on \(5 bytes before, 4 now\)\n1 request, 1 different/,
  );
  assert.equal(changed.code, 1);
});

test('the debugger is refused without a terminal', async () => {
  const { code, output } = await runVivarium([
    'dev',
    `${APPS}counting.py`,
    '--enable-debugger',
    '--port',
    '0',
  ]);
  assert.equal(code, 2);
  assert.match(output, /--enable-debugger: standard input and standard error must be a terminal/);
});

const DEBUGGED = `def application(environ, start_response):
    price = 7
    if environ["PATH_INFO"] == "/break":
        breakpoint()
        price += 1
    if environ["PATH_INFO"] == "/fail":
        1 / 0
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(price).encode()]
`;

test('the debugger opens on the terminal at an exception, and breakpoint() does', async (t) => {
  const folder = makeFolder(t, { 'wsgi.py': DEBUGGED });
  const typed = ['ZeroDivisionError[\\s\\S]*Pdb\\) ', 'p price * 6\n', '42[\\s\\S]*Pdb\\) ', 'q\n'];
  const more = ['Pdb\\) ', 'price = 50\n', 'Pdb\\) ', 'c\n'];
  const command = [
    VIVARIUM,
    'dev',
    `${folder}/wsgi.py`,
    '--port',
    '0',
    '--enable-debugger',
    '--startup-timeout',
    '20',
  ];
  const server = new VivariumProcess([TERMINAL, ...typed, ...more, '--', ...command], { command: 'python3' });
  t.after(() => server.stop());
  const [, url] = await server.waitForOutput(/^Server URL +: (http:\/\/127\.0\.0\.1:\d+)[\s\S]*^Access Log/m);

  const failure = await get(`${url}/fail`, { Accept: '*/*' });
  assert.match(failure.text, /ZeroDivisionError/);
  assert.deepEqual(await get(`${url}/break`), { status: 200, text: '51' });
  assert.deepEqual(await get(`${url}/`), { status: 200, text: '7' });
  assert.deepEqual(await server.stop(), { code: 0, signal: null });
});
