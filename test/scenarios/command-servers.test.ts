/** Applications with a command, with the servers that people have: nothing is lost when they are reloaded or killed. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { CountingLoad, readRuns, type Tally } from '../support/counting-load.ts';
import { makeFolder } from '../support/folder.ts';
import { startCommand } from '../support/own-server.ts';
import { NO_GUNICORN } from '../support/peers/gunicorn.ts';
import { skipWithout } from '../support/peers/peer.ts';
import { NO_UWSGI } from '../support/peers/uwsgi.ts';
import { getOnce } from '../support/raw-client.ts';

/** Debian's, whose packages the servers are. */
const PYTHON = ['--python', '/usr/bin/python3'];
const UWSGI = 'uwsgi --master --die-on-term --plugin python3 --module counting:application';
const NO_WAITRESS = skipWithout('/usr/bin/waitress-serve');

const SERVERS: readonly (readonly [string, string, string | false, ...string[]])[] = [
  ['gunicorn', 'gunicorn --bind fd://{fd} counting', NO_GUNICORN],
  ['gunicorn by LISTEN_FDS', 'gunicorn counting', NO_GUNICORN],
  ['waitress', 'waitress-serve --unix-socket={socket} counting:application', NO_WAITRESS],
  ['waitress at a port', 'waitress-serve --listen=127.0.0.1:{port} counting:application', NO_WAITRESS],
  ['uWSGI by HTTP', `${UWSGI} --http-socket fd://{fd}`, NO_UWSGI],
  ['uWSGI by uwsgi', `${UWSGI} --uwsgi-socket fd://{fd}`, NO_UWSGI, '--protocol', 'uwsgi'],
  ['uWSGI by SCGI', `${UWSGI} --scgi-socket fd://{fd}`, NO_UWSGI, '--protocol', 'scgi'],
  ['uWSGI by FastCGI', `${UWSGI} --fastcgi-socket {socket}`, NO_UWSGI, '--protocol', 'fastcgi'],
];

async function start(t: TestContext, command: string, ...args: string[]) {
  const countFile = `${makeFolder(t)}/count`;
  const server = await startCommand(t, command, ...PYTHON, '--setenv', 'COUNT_FILE', countFile, ...args);
  await server.waitForOutput(/worker-started: worker 1 /);
  return { server, countFile };
}

for (const [name, command, skip, ...args] of SERVERS) {
  test(`${name} serves, and a reload under load loses nothing`, { skip }, async (t) => {
    const { server, countFile } = await start(t, command, ...args);
    assert.equal((await getOnce(server.port, '/?id=first')).text, 'first');
    const load = new CountingLoad(server.port, { connections: 4 });
    await load.waitForAnswers(20);
    server.signal('SIGHUP');
    await server.waitForOutput(/reload-finished/);
    await load.waitForAnswers(20);
    const tally = await load.stop();
    assertNoneTwice(tally, countFile);
    assert.deepEqual(statusesOf(tally), [200]);
    assert.equal((await server.stop()).code, 0);
    assert.doesNotMatch(server.output, /worker-killed|upstream-failed/);
  });
}

test('of a server that is killed only what it has begun with is lost', { skip: NO_GUNICORN }, async (t) => {
  const { server, countFile } = await start(t, 'gunicorn --bind fd://{fd} --workers 2 counting');
  const load = new CountingLoad(server.port, { connections: 8, query: '&ms=5' });
  await load.waitForAnswers(20);
  const [, pid] = /worker 1 \(pid (\d+)\)/.exec(server.output)!;
  // With its workers.
  process.kill(-Number(pid), 'SIGKILL');
  await server.waitForOutput(/worker-replaced: worker 2 /);
  await load.waitForAnswers(20);
  const tally = await load.stop();
  assertNoneTwice(tally, countFile);
  const lost = [...tally.answered.values()].filter((status) => status !== 200);
  assert.ok(lost.length <= 2, `${lost.length} are lost, and it had two workers`);
  for (const status of lost) assert.equal(status, 502);
});

function assertNoneTwice(tally: Tally, countFile: string): void {
  assert.deepEqual([tally.cut, tally.refused, tally.mixedUp], [[], 0, []]);
  const twice = [...readRuns(countFile)].filter(([, { times }]) => times !== 1);
  assert.deepEqual(twice, []);
}

function statusesOf(tally: Tally): number[] {
  return [...new Set(tally.answered.values())];
}
