import assert from 'node:assert/strict';
import fs from 'node:fs';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { makeFolder } from '../../test/support/folder.ts';
import { Spool, type SpoolLimits } from './spool.ts';

const KB = 1024;

function limitsIn(directory: string, limits: Partial<SpoolLimits> = {}): SpoolLimits {
  return { memoryMax: 16, fileMax: 1_000_000, directory, ...limits };
}

function read(spool: Spool): Promise<Uint8Array | null> {
  return new Promise((resolve, reject) =>
    spool.read((error, chunk) => (error === null ? resolve(chunk) : reject(error))),
  );
}

async function readAll(spool: Spool): Promise<string> {
  let all = '';
  for (;;) {
    const chunk = await read(spool);
    if (chunk === null) return all;
    assert.ok(chunk.length > 0);
    all += Buffer.from(chunk).latin1Slice();
  }
}

function drained(spool: Spool): Promise<void> {
  return new Promise((resolve) => {
    spool.onDrain = () => {
      spool.onDrain = null;
      resolve();
    };
  });
}

/** Files without a name that this process has open in a folder. */
function openFiles(folder: string): string[] {
  return fs.readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const target = fs.readlinkSync(`/proc/self/fd/${fd}`);
      return target.startsWith(folder) ? [target] : [];
    } catch {
      return [];
    }
  });
}

/** Until the file that was made in a folder has lost its name and is closed. */
async function untilClosed(folder: string): Promise<void> {
  while (fs.readdirSync(folder).length > 0 || openFiles(folder).length > 0) await fs.promises.stat(folder);
}

/** Operations run on a real file system: few runs, many sizes. */
const RUNS = { numRuns: 60 };

test('what stays in memory is handed out whole', async (t) => {
  const spool = new Spool(limitsIn(makeFolder(t)));
  assert.equal(spool.write(Buffer.from('ab')), true);
  assert.equal(spool.write(Buffer.from('cd')), true);
  assert.equal(spool.size, 4);
  assert.equal(Buffer.from(spool.inMemory!).toString(), 'abcd');
  spool.end();
  assert.equal(await readAll(spool), 'abcd');
  assert.equal(spool.size, 0);
});

test('reads wait for writes', async (t) => {
  const spool = new Spool(limitsIn(makeFolder(t)));
  const waiting = read(spool);
  spool.write(Buffer.from('a'));
  assert.equal(Buffer.from((await waiting)!).toString(), 'a');
  const end = read(spool);
  spool.end();
  assert.equal(await end, null);
});

test('without a file memory takes everything and says when it is full', async (t) => {
  const spool = new Spool(limitsIn(makeFolder(t), { fileMax: 0 }));
  assert.equal(spool.write(Buffer.alloc(15)), true);
  assert.equal(spool.write(Buffer.alloc(5)), false);
  const room = drained(spool);
  assert.equal((await read(spool))!.length, 20);
  await room;
});

test('what comes out is what went in, whatever the order of reads and writes', async (t) => {
  const folder = makeFolder(t);
  const anyStep = fc.oneof(fc.constant('read' as const), fc.nat(40), fc.constant(300 * KB));
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyStep, { maxLength: 25 }),
      fc.constantFrom(0, 16, 64 * KB),
      async (steps, memoryMax) => {
        const spool = new Spool(limitsIn(folder, { memoryMax, fileMax: 10_000_000 }));
        let written = '';
        let taken = '';
        let reading: Promise<Uint8Array | null> | null = null;
        const finishRead = async () => {
          const chunk = reading === null ? null : await reading;
          reading = null;
          if (chunk !== null) taken += Buffer.from(chunk).latin1Slice();
        };
        for (const [i, step] of steps.entries()) {
          if (step !== 'read') {
            const chunk = Buffer.alloc(step, 97 + (i % 26));
            written += chunk.latin1Slice();
            spool.write(chunk);
          } else if (taken.length < written.length) {
            if (reading !== null) await finishRead();
            if (taken.length < written.length) reading = read(spool);
          }
        }
        await finishRead();
        assert.equal(spool.size, written.length - taken.length);
        spool.end();
        taken += await readAll(spool);
        assert.equal(taken === written, true);
        spool.discard();
      },
    ),
    RUNS,
  );
  await untilClosed(folder);
});

test('a file that has reached its limit is read to its end before it is used again', async (t) => {
  const folder = makeFolder(t);
  const spool = new Spool(limitsIn(folder, { memoryMax: 0, fileMax: 600 * KB }));
  let sizeMax = 0;
  let taken = 0;
  for (let i = 0; i < 40; i++) {
    if (!spool.write(Buffer.alloc(100 * KB))) {
      let hasRoom = false;
      spool.onDrain = () => {
        hasRoom = true;
      };
      // A reader that is always behind: the file would never be empty, and grow for ever.
      while (!hasRoom) taken += (await read(spool))!.length;
      spool.onDrain = null;
    }
    for (const fd of fs.readdirSync('/proc/self/fd')) {
      const stat = fs.statSync(`/proc/self/fd/${fd}`, { throwIfNoEntry: false });
      if (stat?.isFile() && stat.nlink === 0) sizeMax = Math.max(sizeMax, stat.size);
    }
  }
  spool.end();
  taken += (await readAll(spool)).length;
  assert.equal(taken, 40 * 100 * KB);
  assert.ok(sizeMax >= 600 * KB, 'the file was used');
  // What was accepted before the limit was reached may still be on its way to the file.
  assert.ok(sizeMax < 600 * KB + 1024 * KB + 100 * KB, `${sizeMax} bytes`);
  spool.discard();
});

test('the writer is asked to wait while bytes are on their way to the file', async (t) => {
  const spool = new Spool(limitsIn(makeFolder(t), { memoryMax: 0, fileMax: 100_000_000 }));
  assert.equal(spool.write(Buffer.alloc(2_000 * KB)), false);
  await drained(spool);
  assert.equal(spool.write(Buffer.from('x')), true);
  spool.end();
  assert.equal((await readAll(spool)).length, 2_000 * KB + 1);
  spool.discard();
});

test('the file has no name and is closed when it is discarded', async (t) => {
  const folder = makeFolder(t);
  const spool = new Spool(limitsIn(folder, { memoryMax: 0 }));
  spool.write(Buffer.alloc(100));
  assert.equal((await read(spool))!.length, 100);
  while (fs.readdirSync(folder).length > 0) await fs.promises.stat(folder);
  assert.equal(openFiles(folder).length, 1);
  spool.discard();
  spool.discard();
  await untilClosed(folder);
  assert.equal(spool.size, 0);
});

for (const moment of ['before the file is open', 'while it is written', 'while it is read', 'at the end']) {
  test(`discarded ${moment}: the file is closed and no reader is called`, async (t: TestContext) => {
    const folder = makeFolder(t);
    const { mtimeMs } = fs.statSync(folder);
    const spool = new Spool(limitsIn(folder, { memoryMax: 0, fileMax: 10_000_000 }));
    spool.write(Buffer.alloc(900 * KB));
    if (moment !== 'before the file is open') assert.equal((await read(spool))!.length, 256 * KB);
    if (moment === 'while it is written') spool.write(Buffer.alloc(900 * KB));
    if (moment === 'at the end') {
      spool.end();
      await readAll(spool);
    } else {
      spool.read(() => assert.fail('a reader of what was discarded'));
    }
    spool.onDrain = () => assert.fail('drain of what was discarded');
    spool.discard();
    // The file is made all the same when that was under way.
    while (fs.statSync(folder).mtimeMs === mtimeMs) await fs.promises.stat(folder);
    await untilClosed(folder);
    assert.equal(spool.write(Buffer.alloc(100 * KB)), true);
    assert.equal(await read(spool), null);
    assert.deepEqual(fs.readdirSync(folder), []);
    assert.deepEqual(openFiles(folder), []);
  });
}

test('a file that cannot be made: memory is handed out, then the error, and no writer waits', async (t) => {
  const spool = new Spool(limitsIn(`${makeFolder(t)}/missing`, { memoryMax: 4 }));
  spool.write(Buffer.from('abcd'));
  const room = drained(spool);
  assert.equal(spool.write(Buffer.alloc(2_000 * KB)), false);
  await room;
  assert.equal(spool.inMemory, null, 'a part must not pass for the whole');
  assert.equal(spool.write(Buffer.alloc(2_000 * KB)), true);
  spool.end();
  assert.equal(Buffer.from((await read(spool))!).toString(), 'abcd');
  await assert.rejects(read(spool), { code: 'ENOENT' });
  await assert.rejects(read(spool), { code: 'ENOENT' });
});

test('a reader that waits for the file gets its error', async (t) => {
  const spool = new Spool(limitsIn(`${makeFolder(t)}/missing`, { memoryMax: 0 }));
  const reading = read(spool);
  spool.write(Buffer.from('a'));
  await assert.rejects(reading, { code: 'ENOENT' });
});
