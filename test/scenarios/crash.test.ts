/** kill -9 under load: a worker takes only what it was running with it, a gateway only its connections. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { CountingLoad, readRuns, type Tally } from '../support/counting-load.ts';
import { makeFolder } from '../support/folder.ts';
import { NO_PROC, pidsOf } from '../support/processes.ts';
import { getOnce } from '../support/raw-client.ts';
import { APPS, type Server, startServer } from '../support/vivarium.ts';

const KILLS = 4;
const THREADS = 4;
const CONNECTIONS = 16;

interface Started {
  readonly server: Server;
  readonly countFile: string;
}

async function start(t: TestContext): Promise<Started> {
  const countFile = `${makeFolder(t)}/count`;
  const capacity = ['--processes', '2', '--threads', String(THREADS), '--no-access-log'];
  const server = await startServer([`${APPS}counting.py`, ...capacity, '--setenv', 'COUNT_FILE', countFile]);
  t.after(() => server.stop());
  return { server, countFile };
}

async function findWorker({ server }: Started, name: string): Promise<number> {
  return Number((await getOnce(server.port, `/?id=probe-${name}`)).get('x-pid'));
}

/** Process ids of the children that have a word in their command line. */
function statuses(tally: Tally, status: number): string[] {
  return [...tally.answered].filter(([, s]) => s === status).map(([id]) => id);
}

function assertNoneRunTwice(countFile: string): void {
  assert.deepEqual(
    [...readRuns(countFile)].filter(([, { times }]) => times > 1),
    [],
  );
}

for (const query of ['', '&ms=20']) {
  test(`kill -9 of workers: only what they were running gets 502 (${query || 'instant requests'})`, async (t) => {
    const started = await start(t);
    const { server, countFile } = started;
    const load = new CountingLoad(server.port, { connections: CONNECTIONS, query });
    const killed = new Set<number>();
    for (let n = 0; n < KILLS; n++) {
      await load.waitForAnswers(100);
      const pid = await findWorker(started, String(n));
      killed.add(pid);
      const from = server.output.length;
      process.kill(pid, 'SIGKILL');
      await server.waitForOutput(new RegExp(`worker-exited: .*${pid}.*SIGKILL`), from);
    }
    await load.waitForAnswers(100);
    const tally = await load.stop();

    assert.deepEqual([tally.cut, tally.refused, tally.mixedUp], [[], 0, []]);
    const lost = statuses(tally, 502);
    assert.equal(statuses(tally, 200).length + lost.length, tally.answered.size);
    assert.ok(lost.length <= KILLS * THREADS, `${lost.length} requests were lost`);
    const runs = readRuns(countFile);
    for (const id of lost) {
      // A request may be lost between its start and its first line; if it ran, it ran in a killed worker.
      const run = runs.get(id);
      assert.ok(run === undefined || killed.has(run.pid), `${id} was lost and ran in ${run?.pid}`);
    }
    assertNoneRunTwice(countFile);
  });
}

test('kill -9 of the gateway: the port stays open and the workers stay up', { skip: NO_PROC }, async (t) => {
  const { server, countFile } = await start(t);
  const workers = pidsOf(server, 'python');
  assert.equal(workers.length, 2);
  const load = new CountingLoad(server.port, { connections: CONNECTIONS });
  for (let n = 0; n < KILLS; n++) {
    await load.waitForAnswers(100);
    const [gateway] = pidsOf(server, 'vivarium-gateway');
    const from = server.output.length;
    process.kill(gateway!, 'SIGKILL');
    await server.waitForOutput(new RegExp(`gateway-exited: .*${gateway}.*SIGKILL`), from);
  }
  await load.waitForAnswers(100);
  const tally = await load.stop();

  assert.deepEqual([tally.refused, tally.mixedUp], [0, []]);
  assert.ok(tally.cut.length <= KILLS * CONNECTIONS);
  assert.deepEqual(statuses(tally, 200).length, tally.answered.size);
  assertNoneRunTwice(countFile);
  assert.deepEqual(pidsOf(server, 'python'), workers);
});

test('the exit status of an application that cannot be loaded means nothing once it serves', async (t) => {
  const server = await startServer([`${APPS}pep3333.py`, '--processes', '1']);
  t.after(() => server.stop());
  assert.equal((await getOnce(server.port, '/exit?status=3')).status, 502);
  await server.waitForOutput(/request-lost: .* worker 1 .* exited with status 3$/m);
});
