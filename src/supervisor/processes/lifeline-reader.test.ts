import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { type LoadedFiles, readLifeline } from './lifeline-reader.ts';

function read(...pieces: string[]): LoadedFiles[] {
  const stream = new PassThrough();
  const heard: LoadedFiles[] = [];
  readLifeline(stream, (loaded) => heard.push(loaded));
  for (const piece of pieces) stream.emit('data', Buffer.from(piece));
  return heard;
}

test('a line may come in pieces, and several in one', () => {
  const lines = '{"files":["/a.py"],"since":1.5}\n{"files":["/b.py"],"since":2}\n';
  const expected = [
    { files: ['/a.py'], sinceMs: 1500 },
    { files: ['/b.py'], sinceMs: 2000 },
  ];
  assert.deepEqual(read(lines), expected);
  assert.deepEqual(read(...lines), expected);
});

test('what is not understood is passed over', () => {
  const lines = ['garbage', '[]', 'null', '{"files":"/a.py","since":1}', '{"files":["/a.py"]}'];
  assert.deepEqual(read(`${lines.join('\n')}\n`), []);
  const mixed = '{"files":["/a.py", 7, "relative.py", "/nul\\u0000"],"since":1}\n';
  assert.deepEqual(read(mixed), [{ files: ['/a.py'], sinceMs: 1000 }]);
});

test('a line without an end does not fill the memory', () => {
  const long = 'x'.repeat(3 * 1024 * 1024);
  assert.deepEqual(read(long, long, '\n{"files":["/a.py"],"since":1}\n'), [
    { files: ['/a.py'], sinceMs: 1000 },
  ]);
});
