import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { FollowedFile } from './followed-file.ts';

/** A file that holds a number. */
function numberIn(content: Buffer): number {
  const number = Number(content.toString());
  if (Number.isNaN(number)) throw new Error('no number');
  return number;
}

test('what a file says now, also after it was replaced, was nonsense and was gone', async (t) => {
  const directory = mkdtempSync(path.join(tmpdir(), 'vivarium-followed-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const file = path.join(directory, 'number');
  writeFileSync(file, '1');
  const events = new EventEmitter();
  const followed = new FollowedFile(file, {
    parse: numberIn,
    onRead: (value) => events.emit('read', value),
    onProblem: (why) => events.emit('problem', why),
  });
  t.after(() => followed.close());
  // Without it nothing would keep this process waiting for the next look.
  const waiting = setInterval(() => {}, 1_000);
  t.after(() => clearInterval(waiting));
  assert.equal(followed.value, 1);
  // Whole, so that it is never read half written.
  const replace = (content: string) => {
    writeFileSync(`${file}.new`, content);
    renameSync(`${file}.new`, file);
  };

  replace('2');
  await once(events, 'read');
  assert.equal(followed.value, 2);

  replace('three');
  assert.deepEqual(await once(events, 'problem'), ['no number']);
  assert.equal(followed.value, 2);

  rmSync(file);
  await once(events, 'problem');
  assert.equal(followed.value, 2);

  replace('4');
  await once(events, 'read');
  assert.equal(followed.value, 4);
});

test('a file that is not there from the start', () => {
  assert.throws(
    () => new FollowedFile('/nonexistent/file', { parse: String, onProblem: () => {} }),
    /ENOENT/,
  );
});
