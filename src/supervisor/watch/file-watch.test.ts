import assert from 'node:assert/strict';
import { renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { FakeClock } from '../../../test/support/fake-clock.ts';
import { makeFolder } from '../../../test/support/folder.ts';
import { FileWatch } from './file-watch.ts';

const settle = () => new Promise((resolve) => setImmediate(resolve));

/** A watch of files that a test describes. `news` takes what was reported since. */
class Watched {
  readonly clock = new FakeClock();
  readonly states = new Map<string, string>();
  #reported: (readonly string[])[] = [];
  readonly watch = new FileWatch(
    (paths) => this.#reported.push(paths),
    this.clock,
    async (path) => this.states.get(path) ?? null,
  );

  /** After so many looks. */
  async news(looks: number): Promise<(readonly string[])[]> {
    for (let n = 0; n < looks; n++) {
      this.clock.advance(1000);
      await settle();
    }
    return this.#reported.splice(0);
  }
}

describe('changes', () => {
  test('one is reported at the second look that finds it, and once', async () => {
    const at = new Watched();
    at.states.set('a', '1');
    await at.watch.follow(['a']);
    assert.deepEqual(await at.news(3), []);
    at.states.set('a', '2');
    assert.deepEqual(await at.news(1), []);
    assert.deepEqual(await at.news(1), [['a']]);
    assert.deepEqual(await at.news(3), []);
  });

  test('a file that is still being written is waited for', async () => {
    const at = new Watched();
    at.states.set('a', '1');
    await at.watch.follow(['a']);
    for (let n = 2; n < 9; n++) {
      at.states.set('a', String(n));
      assert.deepEqual(await at.news(1), []);
    }
    assert.deepEqual(await at.news(1), [['a']]);
  });

  test('one that is made counts; one that is removed counts when it is there again, and is another one', async () => {
    const at = new Watched();
    await at.watch.follow(['a']);
    at.states.set('a', '1');
    assert.deepEqual(await at.news(2), [['a']]);
    at.states.delete('a');
    assert.deepEqual(await at.news(5), []);
    at.states.set('a', '1');
    assert.deepEqual(await at.news(5), []);
    at.states.delete('a');
    await at.news(1);
    at.states.set('a', '2');
    assert.deepEqual(await at.news(2), [['a']]);
  });

  test('several at once are reported together', async () => {
    const at = new Watched();
    await at.watch.follow(['a', 'b', 'c']);
    at.states.set('a', '1').set('b', '1');
    assert.deepEqual(await at.news(2), [['a', 'b']]);
  });

  test('what is known by a refresh is not reported, though it was seen before', async () => {
    const at = new Watched();
    at.states.set('a', '1');
    await at.watch.follow(['a']);
    at.states.set('a', '2');
    assert.deepEqual(await at.news(1), []);
    await at.watch.refresh();
    assert.deepEqual(await at.news(3), []);
    at.states.set('a', '3');
    assert.deepEqual(await at.news(2), [['a']]);
  });

  test('following others: those that stay keep what is known of them, those that leave are forgotten', async () => {
    const at = new Watched();
    at.states.set('a', '1').set('b', '1');
    await at.watch.follow(['a', 'b']);
    at.states.set('a', '2').set('b', '2').set('c', '2');
    await at.watch.follow(['b', 'c']);
    assert.deepEqual(await at.news(2), [['b']]);
    await at.watch.follow([]);
    assert.equal(at.clock.pendingTimers, 0);
    await at.watch.follow(['b']);
    const following = at.watch.follow(['b', 'c']);
    at.watch.stop();
    await following;
    assert.equal(at.clock.pendingTimers, 0);
  });
});

test('a real file: touched, replaced by rename, rewritten in place, and behind a link that is pointed elsewhere', async (t) => {
  const folder = makeFolder(t, { file: 'text', 'one/file': 'one', 'two/file': 'two' });
  const [file, link] = [`${folder}/file`, `${folder}/current`];
  symlinkSync('one', link);
  const clock = new FakeClock();
  let report = Promise.withResolvers<readonly string[]>();
  const watch = new FileWatch((paths) => report.resolve(paths), clock);
  t.after(() => watch.stop());
  await watch.follow([file, `${link}/file`]);
  const reported = async () => {
    report = Promise.withResolvers();
    let paths: readonly string[] | null = null;
    void report.promise.then((found) => (paths = found));
    while (paths === null) {
      clock.advance(1000);
      await settle();
    }
    return paths as readonly string[];
  };

  utimesSync(file, new Date(), new Date(0));
  assert.deepEqual(await reported(), [file]);
  writeFileSync(`${folder}/new`, 'text');
  utimesSync(`${folder}/new`, new Date(), new Date(0));
  renameSync(`${folder}/new`, file);
  assert.deepEqual(await reported(), [file]);
  writeFileSync(file, 'more text');
  utimesSync(file, new Date(), new Date(0));
  assert.deepEqual(await reported(), [file]);
  rmSync(link);
  symlinkSync('two', link);
  assert.deepEqual(await reported(), [`${link}/file`]);
});
