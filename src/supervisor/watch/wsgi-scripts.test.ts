import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { FakeClock } from '../../../test/support/fake-clock.ts';
import { makeFolder } from '../../../test/support/folder.ts';
import { createLog } from '../../telemetry/log.ts';
import { SCRIPTS_MAX, WsgiScripts } from './wsgi-scripts.ts';

type Context = Parameters<typeof makeFolder>[0];

/** A directory that is watched, and what was noticed since the last look. */
function watch(t: Context, files: Readonly<Record<string, string>>) {
  const directory = makeFolder(t, files);
  const noticed: string[] = [];
  const lines: string[] = [];
  const clock = new FakeClock();
  const note = (what: string) => (name: string) => noticed.push(`${what} ${name}`);
  const events = { added: note('added'), changed: note('changed'), removed: note('removed') };
  const log = createLog('test', 'debug', (line) => lines.push(line));
  const scripts = new WsgiScripts(directory, events, clock, log);
  scripts.start();
  t.after(() => scripts.stop());
  const look = () => {
    clock.advance(500);
    return noticed.splice(0);
  };
  return { directory, look, lines, atStart: noticed.splice(0) };
}

test('what is there at the start counts at once, and only what is a script', (t) => {
  const { directory, look, atStart } = watch(t, {
    'b.wsgi': '1',
    'a-1.x.wsgi': '1',
    '.hidden.wsgi': '1',
    'a b.wsgi': '1',
    'ü.wsgi': '1',
    '-x.wsgi': '1',
    'b.wsgi~': '1',
    'b.py': '1',
  });
  assert.deepEqual(atStart, ['added a-1.x', 'added b']);
  mkdirSync(join(directory, 'folder.wsgi'));
  symlinkSync('nowhere', join(directory, 'broken.wsgi'));
  symlinkSync('b.wsgi', join(directory, 'link.wsgi'));
  assert.deepEqual([look(), look(), look()], [[], ['added link'], []]);
});

test('a new or changed script is waited for while it is written', (t) => {
  const { directory, look } = watch(t, { 'a.wsgi': '1' });
  for (const name of ['a', 'b']) writeFileSync(join(directory, `${name}.wsgi`), '22');
  assert.deepEqual(look(), []);
  for (const name of ['a', 'b']) writeFileSync(join(directory, `${name}.wsgi`), '333');
  assert.deepEqual(look(), []);
  assert.deepEqual(look(), ['changed a', 'added b']);
  assert.deepEqual(look(), []);
});

test('one that is away for a moment is a change, one that is gone is removed', (t) => {
  const { directory, look } = watch(t, { 'a.wsgi': '1', 'b.wsgi': '1' });
  for (const name of ['a', 'b']) renameSync(join(directory, `${name}.wsgi`), join(directory, `${name}.old`));
  assert.deepEqual(look(), []);
  writeFileSync(join(directory, 'a.wsgi'), '22');
  assert.deepEqual(look(), ['removed b']);
  assert.deepEqual(look(), ['changed a']);
  rmSync(directory, { recursive: true });
  assert.deepEqual([look(), look()], [[], ['removed a']]);
  mkdirSync(directory);
  writeFileSync(join(directory, 'a.wsgi'), '1');
  assert.deepEqual([look(), look()], [[], ['added a']]);
});

test('there is a limit, which is said once', (t) => {
  const names = Array.from({ length: SCRIPTS_MAX + 2 }, (_, n) => `s${String(n).padStart(4, '0')}`);
  const files = Object.fromEntries(names.map((name) => [`${name}.wsgi`, '1']));
  const { atStart, look, lines } = watch(t, files);
  assert.deepEqual(
    atStart,
    names.slice(0, SCRIPTS_MAX).map((name) => `added ${name}`),
  );
  assert.deepEqual([look(), look()], [[], []]);
  assert.equal(lines.filter((line) => line.includes('scripts-ignored: ')).length, 1);
});
