/**
 * Applications with a command, with the servers that people have, as the guide prints their commands: nothing is lost when
 * they are reloaded, and one that is killed is there again.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type CountedServer,
  GUIDE_FILE,
  GUIDE_SERVERS,
  GUIDE_TABLE,
  type GuideServer,
  skipCommand,
  startGuideServer,
  startShop,
} from '../support/command-guide.ts';
import { assertEachRunOnce, type Caller, CountingLoad, readRuns } from '../support/counting-load.ts';
import { getOnce, RawClient } from '../support/raw-client.ts';
import type { Server } from '../support/vivarium.ts';

const UWSGI = 'uwsgi --master --die-on-term --module shop.wsgi';

/** Other ways to the same servers. */
const OTHERS: readonly GuideServer[] = [
  { name: 'gunicorn by LISTEN_FDS', command: 'gunicorn shop.wsgi', settings: '' },
  {
    name: 'waitress at a port',
    command: 'waitress-serve --listen=127.0.0.1:{port} shop.wsgi:application',
    settings: 'max-connections = 4',
  },
  { name: 'uWSGI by SCGI', command: `${UWSGI} --scgi-socket fd://{fd}`, settings: 'protocol = "scgi"' },
  {
    name: 'uWSGI by FastCGI',
    command: `${UWSGI} --fastcgi-socket {socket}`,
    settings: 'protocol = "fastcgi"',
  },
];

test('the guide names servers', () => {
  assert.deepEqual(
    GUIDE_SERVERS.map(({ name }) => name),
    [
      ...[
        'gunicorn',
        'uWSGI',
        'uWSGI, by its own protocol',
        'waitress',
        'uvicorn',
        'hypercorn',
        'chaussette',
      ],
      ...['tornado', 'gevent', 'anything else'],
    ],
  );
});

for (const row of [...GUIDE_SERVERS, ...OTHERS]) {
  test(`${row.name}: a reload under load loses nothing, and one that is killed is there again`, {
    skip: skipCommand(row),
  }, async (t) => {
    const started = await startGuideServer(t, row);
    const { server } = started;
    assert.equal((await getOnce(server.port, '/?id=first')).text, 'first');
    await reloadUnderLoad(started);
    assert.doesNotMatch(server.output, /upstream-failed/);
    await killAndAsk(started);
    assert.equal((await server.stop()).code, 0);
  });
}

const uvicorn = GUIDE_SERVERS.find(({ name }) => name === 'uvicorn')!;

test('the first file of the guide', { skip: skipCommand(uvicorn) }, async (t) => {
  const { server } = await startShop(t, GUIDE_FILE);
  assert.equal((await getOnce(server.port, '/?id=one')).text, 'one');
});

test('a command beside an application, as the guide has it', { skip: skipCommand(uvicorn) }, async (t) => {
  const { server } = await startShop(t, GUIDE_TABLE);
  const [shop, chat] = await Promise.all(
    ['/?id=shop', '/chat/?id=chat'].map((target) => getOnce(server.port, target)),
  );
  assert.deepEqual([shop!.text, chat!.text], ['shop', 'chat']);
  // Who has answered which.
  assert.deepEqual([shop!.get('x-pid') === undefined, chat!.get('x-pid') === undefined], [false, true]);
});

const gunicorn = {
  name: 'gunicorn',
  command: 'gunicorn --bind fd://{fd} --workers 2 shop.wsgi',
  settings: '',
};

test('of a server that is killed under load only what it has begun with is lost', {
  skip: skipCommand(gunicorn),
}, async (t) => {
  const { server, countFile } = await startGuideServer(t, gunicorn);
  const load = new CountingLoad(server.port, { connections: 8, query: '&ms=5' });
  await load.waitForAnswers(40);
  kill(server);
  await server.waitForOutput(/worker-replaced: worker 2 /);
  await load.waitForAnswers(40);
  const { cut, refused, mixedUp, answered } = await load.stop();
  assert.deepEqual([cut, refused, mixedUp], [[], 0, []]);
  assert.deepEqual(
    [...readRuns(countFile)].filter(([, { times }]) => times !== 1),
    [],
  );
  const lost = [...answered.values()].filter((status) => status !== 200);
  assert.ok(lost.length <= 2, `${lost.length} are lost, and it had two workers`);
  for (const status of lost) assert.equal(status, 502);
});

/** Half of it are uploads, which nobody repeats on another connection. */
async function reloadUnderLoad({ server, countFile }: CountedServer): Promise<void> {
  let opened = 0;
  const open = async (to: number | string): Promise<Caller> => {
    const client = await RawClient.open(to);
    if (opened++ % 2 === 0) return client;
    return { get: (target) => client.post(target, 'a=1'), close: () => client.close() };
  };
  const load = new CountingLoad(server.port, { connections: 8, open });
  await load.waitForAnswers(40);
  server.signal('SIGHUP');
  await server.waitForOutput(/reload-finished/);
  await load.waitForAnswers(40);
  const tally = await load.stop();
  assertEachRunOnce({ ...tally, answered: new Map([...tally.answered, ['first', 200]]) }, countFile);
}

async function killAndAsk({ server, countFile }: CountedServer): Promise<void> {
  const before = server.output.length;
  const number = kill(server);
  await server.waitForOutput(new RegExp(`worker-exited: worker ${number} `), before);
  // It waits until the next one is there.
  assert.equal((await getOnce(server.port, '/?id=after')).text, 'after');
  await server.waitForOutput(/worker-replaced: worker \d+ /, before);
  assert.equal(readRuns(countFile).get('after')?.times, 1);
}

/** The newest process, with those that it has started itself. Returns its number. */
function kill({ output }: Server): string {
  const [, number, pid] = [...output.matchAll(/worker (\d+) \(pid (\d+)\) is ready/g)].at(-1)!;
  process.kill(-Number(pid), 'SIGKILL');
  return number!;
}
