import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ErrorLog } from './error-log.ts';

const folder = mkdtempSync(join(tmpdir(), 'error-log-'));
after(() => rmSync(folder, { recursive: true }));

test('appends to error_log, and after a rename to a new one', () => {
  const path = join(folder, 'error_log');
  const log = new ErrorLog(folder, null);
  log.write('one\n', 'info');
  renameSync(path, `${path}.1`);
  log.write('two\n', 'info');
  log.reopen();
  log.write('three\n', 'info');
  log.close();
  const again = new ErrorLog(folder, null);
  again.write('four\n', 'info');
  again.close();
  assert.equal(readFileSync(`${path}.1`, 'utf8'), 'one\ntwo\n');
  assert.equal(readFileSync(path, 'utf8'), 'three\nfour\n');
});

test('without a directory it is the terminal', () => {
  const log = new ErrorLog(null, null);
  assert.deepEqual([log.outputFd, log.fd], [1, 2]);
});

test('says why it cannot be opened', () => {
  assert.throws(() => new ErrorLog(join(folder, 'absent'), null), {
    name: 'StartupError',
    message: /cannot open the error log .*error_log: no such file or directory \(ENOENT\)/,
  });
});
