/** The worker with every supported Python that this machine has. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { findInterpreters } from '../support/interpreters.ts';
import { RawClient } from '../support/raw-client.ts';
import { APPS, startServer } from '../support/vivarium.ts';

for (const { path, version } of findInterpreters()) {
  test(`Python ${version} takes a request, an upload, a stream and a reload`, async (t) => {
    const server = await startServer([`${APPS}pep3333.py`, '--python', path, '--processes', '1']);
    t.after(() => server.stop());
    assert.ok(server.output.includes(version), server.output);
    const client = await RawClient.open(server.port);
    t.after(() => client.close());

    assert.equal((await client.get('/hello')).text, 'hello\n');
    assert.equal(JSON.parse((await client.post('/upload', randomBytes(300_000))).text).length, 300_000);
    assert.equal((await client.get('/write')).text, 'written first, then returned\n');
    server.signal('SIGHUP');
    await server.waitForOutput(/reload-finished/);
    assert.equal((await client.get('/hello')).text, 'hello\n');
  });
}
