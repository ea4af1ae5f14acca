/** `vivarium serve` as people call it: every kind of TARGET, where it listens, what it prints, how it stops. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { createServer } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import { makeFolder, textApplication } from '../support/folder.ts';
import { getOnce } from '../support/raw-client.ts';
import {
  runVivarium,
  type Server,
  type StartOptions,
  startServer,
  VIVARIUM,
  VivariumProcess,
} from '../support/vivarium.ts';

async function serve(t: TestContext, args: readonly string[], options: StartOptions = {}): Promise<Server> {
  const server = await startServer([...args, '--processes', '1', '--threads', '2'], options);
  t.after(() => server.stop());
  return server;
}

async function pageOf(server: Server, path = '/'): Promise<string> {
  return (await getOnce(server.port, path)).text;
}

describe('TARGET', () => {
  const found: Record<string, { files: Record<string, string>; args: string[] }> = {
    'a script': { files: { 'site.wsgi.py': textApplication('found') }, args: ['site.wsgi.py'] },
    'a script with another callable': {
      files: { 'site.py': textApplication('found', 'handler') },
      args: ['site.py', '--callable-object', 'handler'],
    },
    'module:callable': {
      files: { 'shop/__init__.py': '', 'shop/web.py': textApplication('found', 'handler') },
      args: ['shop.web:handler'],
    },
    'a module': {
      files: { 'shop/__init__.py': '', 'shop/web.py': textApplication('found') },
      args: ['shop.web'],
    },
    'a directory with vivarium.toml': {
      files: {
        'vivarium.toml': 'application = "web.py"\n',
        'web.py': textApplication('found'),
        'wsgi.py': textApplication('not this one'),
      },
      args: ['.'],
    },
    'a directory with pyproject.toml': {
      files: {
        'pyproject.toml': '[tool.vivarium]\napplication = "web:handler"\n',
        'web.py': textApplication('found', 'handler'),
      },
      args: ['.'],
    },
    'a directory with wsgi.py': { files: { 'wsgi.py': textApplication('found') }, args: ['.'] },
    'a directory with app.py and app': { files: { 'app.py': textApplication('found', 'app') }, args: ['.'] },
    'a directory with main.py': { files: { 'main.py': textApplication('found', 'app') }, args: ['.'] },
    'nothing: the current directory': { files: { 'wsgi.py': textApplication('found') }, args: [] },
  };
  for (const [what, { files, args }] of Object.entries(found)) {
    test(`may be ${what}`, async (t) => {
      assert.equal(await pageOf(await serve(t, args, { cwd: makeFolder(t, files) })), 'found');
    });
  }

  test('with nothing in it: says what it looked for', async (t) => {
    const { code, output } = await runVivarium(['serve', '.'], { cwd: makeFolder(t) });
    assert.equal(code, 2);
    for (const name of ['vivarium.toml', 'pyproject.toml', 'manage.py', 'wsgi.py', 'app.py', 'main.py']) {
      assert.ok(output.includes(name), `${name} is not in:\n${output}`);
    }
  });
});

describe('listening', () => {
  const files = { 'wsgi.py': textApplication('found') };

  test('on a Unix socket', async (t) => {
    const folder = makeFolder(t, files);
    const server = new VivariumProcess(['serve', 'wsgi.py', '--listen', 'unix:web.sock'], { cwd: folder });
    t.after(() => server.stop());
    await server.waitForOutput(/unix:.*web\.sock/);
    assert.equal((await getOnce(`${folder}/web.sock`, '/')).text, 'found');
    await server.stop();
    assert.equal(existsSync(`${folder}/web.sock`), false, 'the socket is removed');
  });

  // As systemd does it: the socket is open before the server starts, and the process is replaced by exec.
  const startWithSocket = (t: TestContext, args: readonly string[], env: string) => {
    const code = [
      'import os, socket, sys',
      'listener = socket.create_server(("127.0.0.1", 0))',
      'os.dup2(listener.fileno(), 3)',
      'os.set_inheritable(3, True)',
      `os.environ.update(${env})`,
      'print("port", listener.getsockname()[1], flush=True)',
      'os.execv(sys.argv[1], sys.argv[1:])',
    ].join('\n');
    const command = ['-c', code, VIVARIUM, 'serve', 'wsgi.py', ...args];
    const server = new VivariumProcess(command, { cwd: makeFolder(t, files), command: 'python3' });
    t.after(() => server.stop());
    return server;
  };

  test('on an inherited descriptor', async (t) => {
    const server = startWithSocket(t, ['--listen', 'fd:3'], '');
    const [, port] = await server.waitForOutput(/^port (\d+)$/m);
    assert.equal((await getOnce(Number(port), '/')).text, 'found');
  });

  test('on a socket that systemd passes', async (t) => {
    const server = startWithSocket(t, [], 'LISTEN_PID=str(os.getpid()), LISTEN_FDS="1"');
    const [, port] = await server.waitForOutput(/^port (\d+)$/m);
    assert.equal((await getOnce(Number(port), '/')).text, 'found');
  });

  test('on a port that is taken: says so and ends', async (t) => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    t.after(() => taken.close());
    const { port } = taken.address() as { port: number };
    const args = ['serve', 'wsgi.py', '--port', String(port)];
    const { code, output } = await runVivarium(args, { cwd: makeFolder(t, files) });
    assert.equal(code, 1);
    assert.match(output, new RegExp(`127\\.0\\.0\\.1:${port}: .*EADDRINUSE`));
  });
});

describe('settings', () => {
  test('--setenv, --passenv and --working-directory reach the application', async (t) => {
    const folder = makeFolder(t, {
      'wsgi.py': [
        'import os',
        'def application(environ, start_response):',
        '    start_response("200 OK", [])',
        '    return ["|".join([os.environ["A"], os.environ["B"], os.getcwd()]).encode()]',
      ].join('\n'),
      'here/empty': '',
    });
    const args = ['wsgi.py', '--setenv', 'A', 'one two', '--passenv', 'B', '--working-directory', 'here'];
    const server = await serve(t, args, { cwd: folder, env: { B: 'passed' } });
    assert.equal(await pageOf(server), `one two|passed|${realpathSync(folder)}/here`);
  });

  test('--url-alias serves files without the application', async (t) => {
    const files = {
      'wsgi.py': textApplication('application'),
      'files/a.css': 'a{}',
      'robots.txt': 'User-agent: *',
    };
    const aliases = ['--url-alias', '/static', 'files', '--url-alias', '/robots.txt', 'robots.txt'];
    const server = await serve(t, ['wsgi.py', ...aliases], { cwd: makeFolder(t, files) });
    assert.equal(await pageOf(server, '/static/a.css'), 'a{}');
    assert.equal(await pageOf(server, '/robots.txt'), 'User-agent: *');
    assert.equal((await getOnce(server.port, '/static/none')).status, 404);
    assert.equal(await pageOf(server, '/static/%2e%2e/wsgi.py'), 'application', 'a path of the application');
    assert.equal(await pageOf(server, '/other'), 'application');
  });

  test('come from flags before the environment before the file', async (t) => {
    const files = {
      'vivarium.toml': 'application = "wsgi.py"\nmount-point = "/file"\nlog-level = "error"\n',
      'wsgi.py': textApplication('found'),
    };
    const folder = makeFolder(t, files);
    const args = ['check', '--json', '--mount-point', '/flag'];
    const env = { VIVARIUM_MOUNT_POINT: '/environment', VIVARIUM_LOG_LEVEL: 'debug' };
    const { code, output } = await runVivarium(args, { cwd: folder, env });
    assert.equal(code, 0, output);
    assert.match(output, /"\/flag"/);
    assert.match(output, /"debug"/);
  });

  test('that nobody knows get a suggestion', async () => {
    const { code, output } = await runVivarium(['serve', '--proceses', '2']);
    assert.equal(code, 2);
    assert.match(output, /did you mean.*--processes/i);
  });

  test('--pid-file holds the process id while it runs', async (t) => {
    const folder = makeFolder(t, { 'wsgi.py': textApplication('found') });
    const server = await serve(t, ['wsgi.py', '--pid-file', 'web.pid'], { cwd: folder });
    assert.equal(readFileSync(`${folder}/web.pid`, 'latin1').trim(), String(server.pid));
    await server.stop();
    assert.equal(existsSync(`${folder}/web.pid`), false);
  });
});

describe('logs', () => {
  const files = { 'wsgi.py': textApplication('found') };
  const line = /^127\.0\.0\.1 - - \[.*\] "GET \/a\?b=c HTTP\/1\.1" 200 5 "-" "-"$/m;

  test('go to the terminal', async (t) => {
    const server = await serve(t, ['wsgi.py'], { cwd: makeFolder(t, files) });
    await pageOf(server, '/a?b=c');
    await server.waitForOutput(line);
  });

  test('go to a directory', async (t) => {
    const folder = makeFolder(t, { ...files, 'logs/empty': '' });
    const server = await serve(t, ['wsgi.py', '--log-directory', 'logs'], { cwd: folder });
    await pageOf(server, '/a?b=c');
    await server.stop();
    assert.match(readFileSync(`${folder}/logs/access_log`, 'latin1'), line);
    assert.match(readFileSync(`${folder}/logs/error_log`, 'latin1'), /server-started/);
  });

  test('have the form that was asked for', async (t) => {
    const args = ['wsgi.py', '--access-log-format', 'json'];
    const server = await serve(t, args, { cwd: makeFolder(t, files) });
    await pageOf(server, '/a?b=c');
    const [json] = await server.waitForOutput(/^\{.*\}$/m);
    assert.equal(JSON.parse(json).status, 200);
  });

  test('can be left off', async (t) => {
    const server = await serve(t, ['wsgi.py', '--no-access-log'], { cwd: makeFolder(t, files) });
    await pageOf(server, '/a?b=c');
    await server.stop();
    assert.doesNotMatch(server.output, /a\?b=c/);
  });
});

describe('life', () => {
  test('an application that cannot be imported shows its traceback and answers 503', async (t) => {
    const server = await serve(t, ['wsgi.py'], {
      cwd: makeFolder(t, { 'wsgi.py': 'import no_such_module\n' }),
    });
    await server.waitForOutput(/Traceback.*ModuleNotFoundError: No module named 'no_such_module'/s);
    assert.equal((await getOnce(server.port, '/')).status, 503);
  });

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    test(`${signal} lets a request finish, then ends with 0`, async (t) => {
      const slow = [
        'import time',
        'def application(environ, start_response):',
        '    environ["wsgi.errors"].write("running\\n")',
        '    environ["wsgi.errors"].flush()',
        '    time.sleep(0.5)',
        '    start_response("200 OK", [])',
        '    return [b"finished"]',
      ].join('\n');
      const server = await serve(t, ['wsgi.py'], { cwd: makeFolder(t, { 'wsgi.py': slow }) });
      const answer = pageOf(server);
      await server.waitForOutput(/running/);
      server.signal(signal);
      assert.equal(await answer, 'finished');
      assert.deepEqual(await server.exited, { code: 0, signal: null });
    });
  }
});
