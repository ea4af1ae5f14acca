/** Real applications: Flask, and a Django project with its admin and its static files. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { after, before, describe, test } from 'node:test';
import { findFramework } from '../support/frameworks.ts';
import { APPS, type Server, startServer } from '../support/vivarium.ts';

const flask = findFramework('flask');
const django = findFramework('django');

/** A form with one file, and what the application should say of it. */
function makeUpload(size: number): { form: FormData; expected: object } {
  const content = randomBytes(size);
  const form = new FormData();
  form.set('file', new Blob([content]), 'random.bin');
  const sha256 = createHash('sha256').update(content).digest('hex');
  return { form, expected: { name: 'random.bin', size, sha256 } };
}

async function post(url: string, body: FormData | URLSearchParams): Promise<unknown> {
  const response = await fetch(url, { method: 'POST', body });
  assert.equal(response.status, 200);
  return response.json();
}

describe('Flask', { skip: flask.skip }, () => {
  let server: Server;
  before(async () => {
    server = await startServer([`${APPS}flask_app.py`, '--python', flask.interpreter, '--processes', '2']);
  });
  after(() => server?.stop());

  test('answers', async () => {
    assert.equal(await (await fetch(server.url)).text(), 'Hello from Flask');
  });

  test('builds its own URLs from the environ', async () => {
    const got = await (await fetch(`${server.url}/greet/zo%C3%AB?x=1`)).json();
    assert.deepEqual(got, { name: 'zoë', url: `${server.url}/greet/zoë?x=1`, root: '', scheme: 'http' });
  });

  test('reads a form and an upload of 5 MB', async () => {
    assert.deepEqual(await post(`${server.url}/form`, new URLSearchParams({ a: '1', b: 'ü' })), {
      a: '1',
      b: 'ü',
    });
    const { form, expected } = makeUpload(5_000_000);
    assert.deepEqual(await post(`${server.url}/upload`, form), expected);
  });

  test('streams', async () => {
    const text = await (await fetch(`${server.url}/stream`)).text();
    assert.equal(text, 'line 0\nline 1\nline 2\nline 3\nline 4\n');
  });

  test('keeps a session in a cookie', async () => {
    const login = await fetch(`${server.url}/login`, { redirect: 'manual' });
    assert.equal(login.status, 302);
    const cookie = login.headers.getSetCookie()[0]!.split(';')[0]!;
    assert.equal(await (await fetch(`${server.url}/who`, { headers: { cookie } })).text(), 'ada');
  });

  test('answers 500 and logs the traceback when a view fails', async () => {
    assert.equal((await fetch(`${server.url}/fail`)).status, 500);
    await server.waitForOutput(/RuntimeError: a view that fails/);
    assert.equal((await fetch(`${server.url}/nowhere`)).status, 404);
  });
});

describe('Django', { skip: django.skip }, () => {
  const project = `${APPS}django_project`;
  let server: Server;
  let data: string;

  before(async () => {
    data = mkdtempSync(`${tmpdir()}/vivarium-django-`);
    const env = { SHOP_DATA: data, PYTHONDONTWRITEBYTECODE: '1' };
    const manage = (...args: string[]) =>
      execFileSync(django.interpreter, [`${project}/manage.py`, ...args], {
        env: { ...process.env, ...env, DJANGO_SUPERUSER_PASSWORD: 'correct horse' },
        stdio: ['ignore', 'ignore', 'inherit'],
      });
    manage('migrate', '--verbosity', '0');
    manage('collectstatic', '--no-input', '--verbosity', '0');
    manage('createsuperuser', '--no-input', '--username', 'ada', '--email', 'ada@example.org');
    // Nothing but the directory: WSGI_APPLICATION, STATIC_URL and STATIC_ROOT are found in the project.
    server = await startServer([project, '--python', django.interpreter, '--processes', '2'], { env });
  });
  after(async () => {
    await server?.stop();
    rmSync(data, { recursive: true, force: true });
  });

  test('answers', async () => {
    assert.equal(await (await fetch(server.url)).text(), 'Hello from Django');
  });

  test('reads an upload of 5 MB', async () => {
    const { form, expected } = makeUpload(5_000_000);
    assert.deepEqual(await post(`${server.url}/upload`, form), expected);
  });

  test('streams', async () => {
    assert.match(await (await fetch(`${server.url}/stream`)).text(), /^line 0\n.*line 4\n$/s);
  });

  test('has its static files served by the gateway', async () => {
    const response = await fetch(`${server.url}/static/admin/css/base.css`);
    assert.equal(response.status, 200);
    assert.match(response.headers.get('content-type')!, /^text\/css/);
    assert.notEqual(response.headers.get('etag'), null);
    assert.equal((await fetch(`${server.url}/static/no-such-file`)).status, 404);
  });

  test('lets a user into the admin', async () => {
    const form = await fetch(`${server.url}/admin/login/?next=/admin/`);
    assert.equal(form.status, 200);
    const csrf = form.headers.getSetCookie()[0]!.split(';')[0]!;
    const [, token] = /name="csrfmiddlewaretoken" value="([^"]+)"/.exec(await form.text())!;

    const login = await fetch(`${server.url}/admin/login/?next=/admin/`, {
      method: 'POST',
      redirect: 'manual',
      headers: { cookie: csrf },
      body: new URLSearchParams({ csrfmiddlewaretoken: token!, username: 'ada', password: 'correct horse' }),
    });
    assert.equal(login.status, 302);
    assert.equal(login.headers.get('location'), '/admin/');

    const cookie = login.headers.getSetCookie().map((line) => line.split(';')[0]);
    const admin = await fetch(`${server.url}/admin/`, { headers: { cookie: cookie.join('; ') } });
    assert.match(await admin.text(), /Site administration/);
  });
});
