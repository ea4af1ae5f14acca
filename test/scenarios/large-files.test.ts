/** Files that are larger than what a socket takes, for clients that read late. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { ScgiRequestEncoder } from '../../src/protocols/scgi/request-encoder.ts';
import { Cleanups } from '../support/cleanups.ts';
import { makeFolder } from '../support/folder.ts';
import { anOutgoingRequest } from '../support/outgoing-request.ts';
import { getOnce, RawClient } from '../support/raw-client.ts';
import { APPS, VivariumProcess } from '../support/vivarium.ts';

const CONTENT = randomBytes(16 * 1024 * 1024);
const cleanups = new Cleanups();
const ports: Record<string, number> = {};
before(async () => {
  const folder = makeFolder(cleanups);
  writeFileSync(`${folder}/large.bin`, CONTENT);
  writeFileSync(`${folder}/small.txt`, 'small');
  const server = new VivariumProcess([
    ...['serve', `${APPS}pep3333.py`, '--processes', '1', '--url-alias', '/files', folder],
    ...['--listen', '127.0.0.1:0', '--listen', 'scgi://127.0.0.1:0'],
  ]);
  cleanups.after(() => server.stop());
  await server.waitForOutput(/^Access Log/m);
  for (const [, name, port] of server.output.matchAll(/^Server URL +: (\w+):\/\/127\.0\.0\.1:(\d+)/gm))
    ports[name!] = Number(port);
});
after(() => cleanups.run());

const PATH = '/files/large.bin';
const REQUESTS: Readonly<Record<string, string>> = {
  http: `GET ${PATH} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
  scgi: new ScgiRequestEncoder().head(anOutgoingRequest({ target: PATH, pathInfo: PATH }), 0),
};

for (const [protocol, request] of Object.entries(REQUESTS)) {
  const open = async (): Promise<RawClient> => {
    const client = await RawClient.open(ports[protocol]!);
    cleanups.after(() => client.close());
    client.socket.pause();
    await client.send(request);
    // By the last answer the socket of the paused client has long been full.
    for (let i = 0; i < 20; i++) assert.equal((await getOnce(ports.http!, '/files/small.txt')).text, 'small');
    return client;
  };

  test(`${protocol}: a client that reads late gets every byte`, async () => {
    const client = await open();
    client.socket.resume();
    const answer = await client.readToEnd();
    assert.ok(answer.subarray(answer.indexOf('\r\n\r\n') + 4).equals(CONTENT));
  });

  test(`${protocol}: a client that leaves before it has read troubles nobody`, async () => {
    const client = await open();
    client.socket.resetAndDestroy();
    for (let i = 0; i < 20; i++) assert.equal((await getOnce(ports.http!, '/files/small.txt')).text, 'small');
  });
}
