import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anOutgoingRequest } from '../../../test/support/outgoing-request.ts';
import { readPairs } from './name-value-pairs.ts';
import { PARAMS, RecordReader, STDIN } from './records.ts';
import { FastCgiRequestEncoder } from './request-encoder.ts';

interface Read {
  readonly type: number;
  readonly content: string;
}

function recordsOf(...parts: readonly (string | Uint8Array)[]): Read[] {
  const reader = new RecordReader();
  const all = parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part));
  reader.push(Buffer.concat(all));
  const read: Read[] = [];
  while (reader.next() === 'record') {
    assert.equal(reader.id, 1);
    read.push({ type: reader.type, content: reader.content.latin1Slice() });
  }
  assert.equal(reader.next(), 'need-data');
  assert.equal(reader.pending, 0);
  return read;
}

const paramsOf = (read: readonly Read[]) =>
  readPairs(
    read
      .filter(({ type }) => type === PARAMS)
      .map(({ content }) => content)
      .join(''),
    100,
  ) as string[];

test('a request without a body has the records of example 1 (appendix B), and keeps the connection', () => {
  const encoder = new FastCgiRequestEncoder(true);
  const head = encoder.head(anOutgoingRequest(), 0);
  assert.ok(head.startsWith('\x01\x01\0\x01\0\x08\0\0\0\x01\x01\0\0\0\0\0\x01\x04\0\x01'));
  assert.ok((head + encoder.end()).endsWith('\x01\x04\0\x01\0\0\0\0\x01\x05\0\x01\0\0\0\0'));
  const params = paramsOf(recordsOf(head));
  assert.deepEqual(params.slice(0, 4), ['CONTENT_LENGTH', '0', 'REQUEST_METHOD', 'GET']);
  assert.equal(params[params.indexOf('HTTP_HOST') + 1], 'example.org');
});

test('variables may fill several records', () => {
  const cookie = 'c'.repeat(200_000);
  const read = recordsOf(
    new FastCgiRequestEncoder(true).head(anOutgoingRequest({ fields: ['Cookie', cookie] }), 0),
  );
  assert.deepEqual(
    read.map(({ type, content }) => [type, content.length > 0]),
    [[1, true], ...Array.from({ length: 4 }, () => [PARAMS, true]), [PARAMS, false]],
  );
  const params = paramsOf(read);
  assert.equal(params[params.indexOf('HTTP_COOKIE') + 1], cookie);
});

test('a body is framed, of any size, and ends with an empty record', () => {
  const encoder = new FastCgiRequestEncoder(true);
  for (const size of [0, 1, 7, 8, 65_527, 65_528, 65_529, 200_000]) {
    const body = Buffer.alloc(size, 'abcdefg');
    for (const chunk of [body, body.latin1Slice()]) {
      const read = recordsOf(...encoder.body(chunk), encoder.end());
      assert.ok(read.every(({ type }) => type === STDIN));
      assert.deepEqual(
        read.map(({ content }) => content === ''),
        read.map((_, index) => index === read.length - 1),
      );
      assert.equal(read.map(({ content }) => content).join(''), body.latin1Slice());
    }
  }
});
