import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fieldName, RequestFields } from '../../fields.ts';
import { bodyLength, CHUNKED } from './framing.ts';
import { Refusal } from './refusal.ts';

/** `lines` are field lines separated by `|`. The result is a length or the status of the refusal. */
function lengthOf(lines: string, version = 'HTTP/1.1'): number | string {
  const fields = new RequestFields();
  for (const line of lines === '' ? [] : lines.split('|')) {
    const [name, value] = line.split(': ');
    fields.add(fieldName(name!), value!);
  }
  const result = bodyLength(version, fields);
  return result instanceof Refusal ? `refused ${result.status}` : result;
}

const cases: [lines: string, expected: number | string][] = [
  ['', 0],
  ['Accept: */*', 0],
  ['Content-Length: 0', 0],
  ['Content-Length: 5', 5],
  ['CONTENT-LENGTH: 0042', 42],
  ['Content-Length: 999999999999999', 999_999_999_999_999],
  ['Transfer-Encoding: chunked', CHUNKED],
  ['transfer-encoding: CHUNKED', CHUNKED],
  ['Transfer-Encoding: gzip, chunked', CHUNKED],
  ['Transfer-Encoding: gzip \t,\tchunked', CHUNKED],
  ['Transfer-Encoding: gzip|Transfer-Encoding: chunked', CHUNKED],
  ['Transfer-Encoding: identity, chunked', CHUNKED],
  ['Transfer-Encoding: identity', 0],
  ['Transfer-Encoding: identity|Content-Length: 5', 5],
  ...['', '-1', '+1', '0x5', '5;', '1e3', '1.0', '1 2', '1_0', '5, 5', '1000000000000000', '\xa05', '٥'].map(
    (value): [string, string] => [`Content-Length: ${value}`, 'refused 400'],
  ),
  ['Content-Length: 5|Content-Length: 5', 'refused 400'],
  ['Content-Length: 5|Content-Length: 6', 'refused 400'],
  ['Content-Length: 5|Transfer-Encoding: chunked', 'refused 400'],
  ['Content-Length: |Transfer-Encoding: chunked', 'refused 400'],
  ['Transfer-Encoding: ', 'refused 400'],
  ['Transfer-Encoding: gzip', 'refused 400'],
  ['Transfer-Encoding: chunked, gzip', 'refused 400'],
  ['Transfer-Encoding: chunked, chunked', 'refused 400'],
  ['Transfer-Encoding: chunked,', 'refused 400'],
  ['Transfer-Encoding: chunked|Transfer-Encoding: identity', 'refused 400'],
  ['Transfer-Encoding: chunkedchunked', 'refused 400'],
  ['Transfer-Encoding: chunked;q=1', 'refused 400'],
  ['Transfer-Encoding: "chunked"', 'refused 400'],
  // A byte that Unicode calls a space and HTTP does not.
  ['Transfer-Encoding: \xa0chunked', 'refused 400'],
  ['Transfer-Encoding: gzip,\xa0chunked', 'refused 400'],
  ['Transfer-Encoding: br, chunked', 'refused 501'],
];

test('the length of a body', () => {
  for (const [lines, expected] of cases) assert.equal(lengthOf(lines), expected, lines);
});

test('HTTP/1.0 has no transfer codings', () => {
  assert.equal(lengthOf('Content-Length: 5', 'HTTP/1.0'), 5);
  assert.equal(lengthOf('Transfer-Encoding: chunked', 'HTTP/1.0'), 'refused 400');
});
