/** Overload: requests wait for a thread in a queue with an end and a deadline, and 503 says when to come back. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { makeFolder } from '../support/folder.ts';
import { findFramework } from '../support/frameworks.ts';
import { getOnce } from '../support/raw-client.ts';
import { type Server, startServer } from '../support/vivarium.ts';

const flask = findFramework('flask');

const APPLICATION = `
import os, time
from flask import Flask

app = Flask(__name__)

@app.route("/hold")
def hold():
    print("holding")
    while not os.path.exists(os.environ["RELEASE_FILE"]):
        time.sleep(0.01)
    return "held"

@app.route("/")
def index():
    return "served"
`;

/** A server whose only thread is taken until `release` is called. */
async function startHeld(t: TestContext, ...limits: string[]) {
  const folder = makeFolder(t, { 'wsgi.py': APPLICATION });
  const releaseFile = `${folder}/release`;
  const one = ['--processes', '1', '--threads', '1', '--python', flask.interpreter];
  const server: Server = await startServer([
    `${folder}/wsgi.py`,
    ...one,
    ...['--setenv', 'RELEASE_FILE', releaseFile],
    ...limits,
  ]);
  t.after(() => server.stop());
  const held = getOnce(server.port, '/hold');
  await server.waitForOutput(/stdout: \[request \S+\] holding/);
  return { server, held, release: () => writeFileSync(releaseFile, '') };
}

test('more requests than may wait: 503 at once, and those that wait are answered', {
  skip: flask.skip,
}, async (t) => {
  const { server, held, release } = await startHeld(t, '--queue-size', '2');
  const others = Array.from({ length: 5 }, () => getOnce(server.port, '/'));
  // Nothing else ends while the thread is taken.
  const shed = new Set<number>();
  await new Promise<void>((resolve) => {
    others.forEach((other, index) => {
      void other.then(({ status }) => {
        if (status === 503) shed.add(index);
        if (shed.size === 3) resolve();
      });
    });
  });
  release();
  const answers = await Promise.all(others);
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 200, 503, 503, 503]);
  for (const { status, get, text } of answers) {
    if (status !== 503) continue;
    assert.match(get('retry-after') ?? 'none', /^[1-9]\d*$/);
    assert.match(text, /Too many requests are waiting/);
  }
  assert.equal((await held).text, 'held');
});

test('a request that waits too long: 503 while it waits, and the log says so', {
  skip: flask.skip,
}, async (t) => {
  const { server, held, release } = await startHeld(t, '--queue-timeout', '300ms');
  const late = await getOnce(server.port, '/');
  assert.equal(late.status, 503);
  assert.match(late.get('retry-after') ?? 'none', /^[1-9]\d*$/);
  await server.waitForOutput(/queue-timeout: \[request \S+\] GET \/ from 127\.0\.0\.1/);
  release();
  assert.equal((await held).text, 'held');
  assert.equal((await getOnce(server.port, '/')).text, 'served');
});
