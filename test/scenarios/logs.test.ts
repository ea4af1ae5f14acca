/** Log files of the real server that are renamed: by an operator and SIGUSR1, and by the server itself. */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeFolder } from '../support/folder.ts';
import { getOnce } from '../support/raw-client.ts';
import { runVivarium, type Server, startServer } from '../support/vivarium.ts';

const APPLICATION = `
import os
def application(environ, start_response):
    os.write(1, b'to descriptor 1\\n')
    print('printed for ' + environ['PATH_INFO'])
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [b'ok']
`;

async function start(t: { after(then: () => unknown): void }, ...args: string[]) {
  const folder = makeFolder(t, { 'wsgi.py': APPLICATION });
  const logs = join(folder, 'logs');
  const all = [`${folder}/wsgi.py`, '--processes', '1', '--log-directory', logs, ...args];
  const server = await startServer(all);
  t.after(() => server.stop());
  return { server, logs };
}

async function waitForText(file: string, pattern: RegExp): Promise<void> {
  for (;;) {
    if (existsSync(file) && pattern.test(readFileSync(file, 'utf8'))) return;
    await sleep(20);
  }
}

const get = (server: Server, path: string) => getOnce(server.port, path);

test('after SIGUSR1 supervisor, gateway and workers write to the new files', {
  timeout: 60_000,
}, async (t) => {
  const { server, logs } = await start(t, '--limit-request-line', '100');
  const [errorLog, accessLog] = [join(logs, 'error_log'), join(logs, 'access_log')];
  await get(server, '/before');
  await waitForText(errorLog, /printed for \/before/);
  await waitForText(accessLog, /\/before/);
  renameSync(errorLog, `${errorLog}.1`);
  renameSync(accessLog, `${accessLog}.1`);
  server.signal('SIGUSR1');
  // The worker is told through its gateway: requests until it has heard.
  for (let n = 0; !existsSync(errorLog) || !/printed for/.test(readFileSync(errorLog, 'utf8')); n++)
    await get(server, `/after-${n}`);
  await waitForText(errorLog, /to descriptor 1/);
  await waitForText(accessLog, /\/after-/);
  await get(server, `/${'x'.repeat(200)}`);
  await waitForText(errorLog, /\[gateway \d+\] request-refused/);
  await server.stop();
  await waitForText(errorLog, /\[supervisor \d+\] stopped/);
  assert.doesNotMatch(readFileSync(`${errorLog}.1`, 'utf8'), /stopped:/);
});

test('with --rotate-logs a large log is renamed, and no line is lost', { timeout: 60_000 }, async (t) => {
  const { server, logs } = await start(t, '--rotate-logs', '--max-log-size', '1k', '--keep-logs', '0');
  const rotated = () => readdirSync(logs).filter((name) => /^access_log\.\d{8}-\d{6}$/.test(name));
  let asked = 0;
  while (rotated().length < 2) {
    await get(server, `/request-${asked++}`);
    await sleep(10);
  }
  await server.stop();
  const lines = [...rotated(), 'access_log'].map((name) => readFileSync(join(logs, name), 'utf8')).join('');
  for (let n = 0; n < asked; n++) assert.equal(lines.split(`/request-${n} `).length, 2, String(n));
});

test('further access logs have the requests that they are for', { timeout: 60_000 }, async (t) => {
  const syslog = createSocket('udp4');
  t.after(() => syslog.close());
  syslog.bind(0, '127.0.0.1');
  await once(syslog, 'listening');
  const file = `processes = 1
log-directory = "logs"
access-log-format = "%U"

[[access-logs]]
to = "errors_log"
status = ["4xx", "5xx"]
format = "%s %U"

[[access-logs]]
to = "udp://127.0.0.1:${syslog.address().port}"
match = { not = "/health" }
format = "json"
`;
  const folder = makeFolder(t, { 'wsgi.py': APPLICATION, 'vivarium.toml': file });
  const server = await startServer([folder, '--url-alias', '/static', folder]);
  t.after(() => server.stop());
  const message = once(syslog, 'message');
  for (const path of ['/health', '/static/none', '/x']) await get(server, path);
  const [bytes] = await message;
  assert.equal(JSON.parse(/ - (\{.*\})$/.exec(String(bytes))![1]!).target, '/static/none');
  await server.stop();
  const read = (name: string) => readFileSync(join(folder, 'logs', name), 'utf8');
  assert.equal(read('access_log'), '/health\n/static/none\n/x\n');
  assert.equal(read('errors_log'), '404 /static/none\n');
});

test('a mistake in a further access log is named', async (t) => {
  const file = '[[access-logs]]\nto = "a_log"\nformat = "%Q"\n[[access-logs]]\nto = "http://x"\n';
  const folder = makeFolder(t, { 'wsgi.py': APPLICATION, 'vivarium.toml': file });
  const wrong = await runVivarium(['check', folder]);
  assert.match(
    wrong.output,
    /vivarium\.toml:5: access-logs\[1\]\.to: found "http:\/\/x"; allowed: the name of a file, stdout/,
  );
  const format = makeFolder(t, { 'wsgi.py': APPLICATION, 'vivarium.toml': file.split('\n[[access', 1)[0]! });
  const unknown = await runVivarium(['check', format]);
  assert.match(unknown.output, /access-logs\[0\]\.format: .*unknown directive "%Q"/);
});
