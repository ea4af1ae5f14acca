import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../../test/support/fake-clock.ts';
import { type FileState, SourceWatch } from './source-watch.ts';

const STARTED_MS = 1000;
const OLD: FileState = { mtimeMs: 500, size: 10, ino: 1 };
const PERIOD_MS = 500;

function watchFiles(files: Record<string, FileState>) {
  const clock = new FakeClock();
  const changes: string[] = [];
  const watch = new SourceWatch(
    (path) => changes.push(path),
    clock,
    (path) => files[path] ?? null,
  );
  /** What has changed when it looks again. */
  const look = () => {
    clock.advance(PERIOD_MS);
    return changes.splice(0);
  };
  return { watch, look, changes, clock };
}

test('a change of time, size or inode is noticed once', () => {
  const files = { '/app.py': OLD };
  const { watch, look } = watchFiles(files);
  watch.watch(['/app.py'], STARTED_MS);
  assert.deepEqual(look(), []);
  for (const state of [
    { ...OLD, mtimeMs: 600 },
    { ...OLD, size: 11 },
    { ...OLD, ino: 2 },
  ]) {
    files['/app.py'] = state;
    assert.deepEqual([look(), look()], [['/app.py'], []]);
  }
});

test('files that change together are one change', () => {
  const files = { '/a.py': OLD, '/b.py': OLD };
  const { watch, look } = watchFiles(files);
  watch.watch(['/a.py', '/b.py'], STARTED_MS);
  files['/a.py'] = files['/b.py'] = { ...OLD, size: 11 };
  assert.deepEqual([look(), look()], [['/a.py'], []]);
});

test('a file that an editor replaces is missing for a moment', () => {
  const files: Record<string, FileState> = { '/app.py': OLD };
  const { watch, look } = watchFiles(files);
  watch.watch(['/app.py'], STARTED_MS);
  delete files['/app.py'];
  assert.deepEqual(look(), []);
  files['/app.py'] = { ...OLD, ino: 2 };
  assert.deepEqual(look(), ['/app.py']);
});

test('a file that was missed is there', () => {
  const files: Record<string, FileState> = {};
  const { watch, look } = watchFiles(files);
  watch.watch(['/shop/views.py'], STARTED_MS);
  assert.deepEqual(look(), []);
  files['/shop/views.py'] = OLD;
  assert.deepEqual([look(), look()], [['/shop/views.py'], []]);
});

test('a file that was written while it was loaded may have been loaded before', () => {
  const files = { '/app.py': { ...OLD, mtimeMs: STARTED_MS + 1 } };
  const { watch, look, changes } = watchFiles(files);
  watch.watch(['/app.py'], STARTED_MS);
  assert.deepEqual(changes.splice(0), ['/app.py']);
  // The next worker says the same: a clock that runs behind must not lead to one reload after the other.
  watch.watch(['/app.py'], STARTED_MS);
  assert.deepEqual(look(), []);
});

test('it looks until it is stopped', () => {
  const files = { '/app.py': OLD };
  const { watch, look, clock } = watchFiles(files);
  watch.watch(['/app.py'], STARTED_MS);
  watch.stop();
  files['/app.py'] = { ...OLD, size: 11 };
  assert.deepEqual(look(), []);
  assert.equal(clock.pendingTimers, 0);
});
