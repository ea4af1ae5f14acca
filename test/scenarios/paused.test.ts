/** A gateway that did not run for a while (a suspended machine, a debugger, swapping) does not hold it against anybody. */
import assert from 'node:assert/strict';
import { renameSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { makeFolder } from '../support/folder.ts';
import { findChildren, NO_PROC } from '../support/processes.ts';
import { RawClient } from '../support/raw-client.ts';
import { startServer } from '../support/vivarium.ts';

/** Answers as soon as the test says so. */
const APPLICATION = `
import os, time

def application(environ, start_response):
    print("begun")
    while not os.path.exists(os.environ["GO"]):
        time.sleep(0.001)
    print("ended")
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"in time"]
`;

test('an answer that came while the gateway did not run is in time', { skip: NO_PROC }, async (t) => {
  const folder = makeFolder(t, { 'wsgi.py': APPLICATION, now: '' });
  const limits = ['--processes', '1', '--request-timeout', '3', '--no-access-log'];
  const server = await startServer([`${folder}/wsgi.py`, ...limits, '--setenv', 'GO', `${folder}/now`]);
  t.after(() => server.stop());
  const gateway = findChildren(server.pid).find(({ command }) => command.includes('vivarium-gateway'))!.pid;
  const client = await RawClient.open(server.port);
  t.after(() => client.close());
  assert.equal((await client.get('/')).status, 200);

  renameSync(`${folder}/now`, `${folder}/later`);
  const from = server.output.length;
  await client.request('GET /');
  await server.waitForOutput(/begun/, from);
  process.kill(gateway, 'SIGSTOP');
  try {
    renameSync(`${folder}/later`, `${folder}/now`);
    await server.waitForOutput(/ended/, from);
    // Time is what this is about: all deadlines and all timers of the gateway are over when it goes on.
    await delay(4500);
  } finally {
    process.kill(gateway, 'SIGCONT');
  }
  const { status, text } = await client.readResponse();
  assert.deepEqual([status, text], [200, 'in time']);
});
