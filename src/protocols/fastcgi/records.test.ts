import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import * as records from './records.ts';
import { endRequest, RecordReader, record, recordHeader } from './records.ts';

interface Seen {
  readonly type: number;
  readonly id: number;
  readonly content: string;
}

/** All records of the chunks; pieces of one stream that follow one another are put together. */
function readAll(chunks: readonly Buffer[]): { seen: Seen[]; reader: RecordReader } {
  const reader = new RecordReader();
  const seen: Seen[] = [];
  for (const chunk of chunks) {
    // The bytes are overwritten after the turn, as a socket does that reads into one buffer again and again.
    const lent = Buffer.from(chunk);
    reader.push(lent);
    while (reader.next() === 'record') {
      const { type, id } = reader;
      const content = reader.content.toString('latin1');
      const last = seen.at(-1);
      const continues = last?.type === type && last.id === id && content !== '' && last.content !== '';
      if (continues) seen[seen.length - 1] = { type, id, content: last.content + content };
      else seen.push({ type, id, content });
    }
    reader.hold();
    lent.fill(0xff);
  }
  return { seen, reader };
}

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
const cut = (all: Buffer, size: number): Buffer[] =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.subarray(i * size, (i + 1) * size));

describe('records of FastCGI', () => {
  it('are written as section 3.3 and 8 say', () => {
    assert.equal(recordHeader(records.STDOUT, 0x0102, 0x0304), '\x01\x06\x01\x02\x03\x04\x04\0');
    assert.equal(record(records.STDIN, 1, 'abc'), '\x01\x05\0\x01\0\x03\x05\0abc\0\0\0\0\0');
    assert.equal(record(records.STDIN, 1, ''), '\x01\x05\0\x01\0\0\0\0');
    // Example 3 of appendix B ends with {FCGI_END_REQUEST, 1, {938, FCGI_REQUEST_COMPLETE}}.
    assert.equal(
      endRequest(1, 938, records.REQUEST_COMPLETE),
      '\x01\x03\0\x01\0\x08\0\0\0\0\x03\xaa\0\0\0\0',
    );
  });

  it('are read back from any chunks', () => {
    const all = bytes(
      record(records.BEGIN_REQUEST, 1, '\0\x01\0\0\0\0\0\0') +
        record(records.PARAMS, 1, 'p'.repeat(300)) +
        record(records.PARAMS, 1, '') +
        record(77, 0, 'not known') +
        record(records.STDIN, 65_535, 'a\r\n\0b') +
        endRequest(2, 0, 0),
    );
    const expected = readAll([all]).seen;
    assert.deepEqual(
      expected.map(({ type, id, content }) => [type, id, content.length]),
      [
        [1, 1, 8],
        [4, 1, 300],
        [4, 1, 0],
        [77, 0, 0],
        [5, 65_535, 5],
        [3, 2, 8],
      ],
    );
    for (const size of [1, 2, 3, 7, 8, 9, 64]) assert.deepEqual(readAll(cut(all, size)).seen, expected);
  });

  it('are handed on before their end when they belong to a stream', () => {
    const reader = new RecordReader();
    reader.push(bytes(`${recordHeader(records.STDIN, 1, 1000)}abc`));
    assert.equal(reader.next(), 'record');
    assert.equal(reader.content.toString(), 'abc');
    assert.equal(reader.next(), 'need-data');
    assert.equal(reader.pending, 0);
  });

  it('skip padding of any length', () => {
    const all = bytes(`\x01\x05\0\x01\0\x01\xff\0x${'\x01'.repeat(255)}${record(records.STDIN, 1, '')}`);
    for (const size of [1, 10, 1000]) {
      const { seen, reader } = readAll(cut(all, size));
      assert.deepEqual(seen, [
        { type: 5, id: 1, content: 'x' },
        { type: 5, id: 1, content: '' },
      ]);
      assert.equal(reader.pending, 0);
    }
  });

  it('of another protocol are known by their first byte', () => {
    const { reader } = readAll([bytes('G')]);
    assert.equal(reader.next(), 'broken');
    assert.equal(reader.fault, 'something that is not FastCGI 1.0 (first byte 71)');
  });

  it('that are discrete and too long are refused, not collected', () => {
    const { reader } = readAll([bytes(recordHeader(records.GET_VALUES, 0, 65_535))]);
    assert.equal(reader.next(), 'broken');
    assert.match(reader.fault, /type 9 with 65535 bytes/);
  });

  it('survive anything', () => {
    const chunks = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 });
    const versioned = chunks.map((list) => [Uint8Array.of(1), ...list]);
    fc.assert(
      fc.property(fc.oneof(chunks, versioned), (list) => {
        const { reader } = readAll(list.map((each) => Buffer.from(each)));
        assert.ok(reader.pending < 8 + 1024);
      }),
    );
  });
});
