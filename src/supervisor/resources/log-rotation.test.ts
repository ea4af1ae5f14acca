import assert from 'node:assert/strict';
import { chmodSync, existsSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { FakeClock } from '../../../test/support/fake-clock.ts';
import { makeFolder } from '../../../test/support/folder.ts';
import type { LogRotationSettings } from '../../config/configuration.ts';
import { createLog } from '../../telemetry/log.ts';
import { LogRotation } from './log-rotation.ts';

const SETTINGS: LogRotationSettings = { sizeMax: 100, intervalMs: 0, keep: 2 };

function setUp(t: { after(then: () => void): void }, changes: Partial<LogRotationSettings> = {}) {
  const folder = makeFolder(t, { access_log: 'x'.repeat(99), error_log: '' });
  const file = join(folder, 'access_log');
  const messages: string[] = [];
  let now = new Date(2026, 10, 21, 9, 45, 0);
  let reopened = 0;
  const clock = new FakeClock();
  const rotation = new LogRotation(
    {
      settings: () => ({ ...SETTINGS, ...changes }),
      files: () => [file, join(folder, 'error_log')],
      reopen: () => {
        reopened += 1;
        writeFileSync(file, '');
      },
      log: createLog('test', 'info', (line) => messages.push(line)),
    },
    clock,
    () => now,
  );
  return {
    folder,
    file,
    rotation,
    clock,
    messages,
    setNow: (date: Date) => {
      now = date;
    },
    get reopened() {
      return reopened;
    },
    get names() {
      return readdirSync(folder).sort();
    },
  };
}

test('a log that has grown is renamed, and the oldest are removed', (t) => {
  const logs = setUp(t);
  logs.rotation.start();
  logs.clock.advance(1_000);
  assert.deepEqual(logs.names, ['access_log', 'error_log'], 'it is still small');
  writeFileSync(join(logs.folder, 'access_log.old'), 'of somebody else');
  for (let second = 1; second <= 4; second++) {
    writeFileSync(logs.file, 'x'.repeat(100));
    logs.setNow(new Date(2026, 10, 21, 9, 45, second));
    logs.clock.advance(1_000);
    assert.equal(logs.reopened, second);
  }
  const kept = ['access_log.20261121-094503', 'access_log.20261121-094504', 'access_log.old'];
  assert.deepEqual(logs.names, ['access_log', ...kept, 'error_log']);
  logs.rotation.stop();
  writeFileSync(logs.file, 'x'.repeat(100));
  logs.clock.advance(10_000);
  assert.equal(logs.reopened, 4);
});

test('with an interval it is renamed at midnight, also one that is left from another day', (t) => {
  const logs = setUp(t, { sizeMax: 0, intervalMs: 24 * 3_600_000, keep: 0 });
  utimesSync(logs.file, new Date(2026, 10, 20), new Date(2026, 10, 20, 23, 59));
  logs.rotation.check();
  assert.equal(logs.reopened, 1);
  writeFileSync(logs.file, 'a line');
  logs.setNow(new Date(2026, 10, 21, 23, 59, 59));
  logs.rotation.check();
  assert.equal(logs.reopened, 1);
  logs.setNow(new Date(2026, 10, 22, 0, 0, 0));
  logs.rotation.check();
  assert.ok(existsSync(`${logs.file}.20261122-000000`));
  logs.setNow(new Date(2026, 10, 23, 0, 0, 0));
  logs.rotation.check();
  assert.equal(logs.reopened, 2, 'an empty log is not worth it');
});

test('twice in a second nothing is overwritten', (t) => {
  const logs = setUp(t, { sizeMax: 1 });
  logs.rotation.check();
  writeFileSync(logs.file, 'more');
  logs.rotation.check();
  assert.equal(logs.reopened, 1);
  logs.setNow(new Date(2026, 10, 21, 9, 45, 1));
  logs.rotation.check();
  assert.equal(logs.reopened, 2);
});

test('one that cannot be renamed goes on, and the log says so', { skip: process.getuid!() === 0 }, (t) => {
  const logs = setUp(t, { sizeMax: 1 });
  chmodSync(logs.folder, 0o500);
  logs.rotation.check();
  chmodSync(logs.folder, 0o700);
  assert.equal(logs.reopened, 0);
  assert.match(logs.messages[0]!, /log-not-rotated: .*access_log: EACCES/);
});
