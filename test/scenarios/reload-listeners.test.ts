/** Reloads of the smallest server, which has one worker with one thread, on several listeners of all kinds at once. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { assertEachRunOnce, CountingLoad } from '../support/counting-load.ts';
import { makeFolder } from '../support/folder.ts';
import { APPS, VivariumProcess } from '../support/vivarium.ts';

for (const [what, requestsPerConnection] of [
  ['kept connections', Number.POSITIVE_INFINITY],
  ['a connection for every three requests', 3],
] as const) {
  test(`one process, one thread, three listeners and ${what}: no reload loses a request`, async (t) => {
    const folder = makeFolder(t);
    const [file, countFile] = [`${folder}/vivarium.toml`, `${folder}/count`];
    const sockets = [`${folder}/a`, `${folder}/b`];
    const configure = (queueSize: number) =>
      writeFileSync(
        file,
        `listen = ["127.0.0.1:0", "unix:${sockets[0]}", "unix:${sockets[1]}"]\nqueue-size = ${queueSize}\n`,
      );
    configure(1000);
    const options = ['--config', file, '--processes', '1', '--threads', '1', '--no-access-log'];
    const counting = [`${APPS}counting.py`, '--setenv', 'COUNT_FILE', countFile];
    const server = new VivariumProcess(['serve', ...counting, ...options]);
    t.after(() => server.stop());
    const [, port] = await server.waitForOutput(/^Server URL .*:(\d+)[\s\S]*^Access Log/m);

    const load = new CountingLoad([Number(port), ...sockets], { connections: 12, requestsPerConnection });
    const reload = async () => {
      const from = server.output.length;
      server.signal('SIGHUP');
      await server.waitForOutput(/reload-finished/, from);
      await load.waitForAnswers(50);
    };
    for (let n = 1; n <= 3; n++) {
      await reload();
      configure(1000 + n);
      await reload();
    }
    const runs = assertEachRunOnce(await load.stop(), countFile);
    assert.ok(new Set([...runs.values()].map(({ pid }) => pid)).size >= 7);
  });
}
