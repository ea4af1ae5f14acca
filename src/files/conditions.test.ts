import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeRequest } from '../../test/support/fake-exchange.ts';
import { allowsRange, evaluateConditions, mayBeConditional } from './conditions.ts';

const EARLIER = 'Fri, 20 Nov 2026 02:47:41 GMT';
const SAME = 'Fri, 20 Nov 2026 02:47:42 GMT';
const LATER = 'Fri, 20 Nov 2026 02:47:43 GMT';
const file = { etag: '"65a-10"', lastModifiedMs: Date.parse(SAME) };

type Fields = Record<string, string> | [string, string][];
const fieldsOf = (fields: Fields) => fakeRequest({ fields }).fields;

test('preconditions in the order of RFC 9110, section 13.2.2', () => {
  const cases: [string, Fields][] = [
    ['proceed', {}],
    ['proceed', { 'If-Match': '"65a-10"' }],
    ['proceed', { 'If-Match': '"x", "65a-10"' }],
    ['proceed', { 'If-Match': '*' }],
    [
      'proceed',
      [
        ['If-Match', '"x"'],
        ['If-Match', '"65a-10"'],
      ],
    ],
    ['precondition-failed', { 'If-Match': '"x"' }],
    ['precondition-failed', { 'If-Match': 'W/"65a-10"' }],
    ['precondition-failed', { 'If-Match': '' }],
    ['proceed', { 'If-Unmodified-Since': LATER }],
    ['proceed', { 'If-Unmodified-Since': SAME }],
    ['precondition-failed', { 'If-Unmodified-Since': EARLIER }],
    ['proceed', { 'If-Unmodified-Since': 'yesterday' }],
    // If-Match takes the place of If-Unmodified-Since.
    ['proceed', { 'If-Match': '"65a-10"', 'If-Unmodified-Since': EARLIER }],
    ['not-modified', { 'If-None-Match': '"65a-10"' }],
    ['not-modified', { 'If-None-Match': 'W/"65a-10"' }],
    ['not-modified', { 'If-None-Match': '"a,b", W/"65a-10"' }],
    ['not-modified', { 'If-None-Match': '*' }],
    ['proceed', { 'If-None-Match': '"x"' }],
    ['proceed', { 'If-None-Match': '65a-10' }],
    ['proceed', { 'If-None-Match': '"x,"65a-10"y"' }],
    ['not-modified', { 'If-Modified-Since': SAME }],
    ['not-modified', { 'If-Modified-Since': LATER }],
    ['proceed', { 'If-Modified-Since': EARLIER }],
    ['proceed', { 'If-Modified-Since': '0' }],
    [
      'proceed',
      [
        ['If-Modified-Since', SAME],
        ['If-Modified-Since', SAME],
      ],
    ],
    // If-None-Match takes the place of If-Modified-Since.
    ['proceed', { 'If-None-Match': '"x"', 'If-Modified-Since': SAME }],
    ['not-modified', { 'If-None-Match': '"65a-10"', 'If-Modified-Since': EARLIER }],
    // The conditions of writers come before those of caches.
    ['precondition-failed', { 'If-Match': '"x"', 'If-None-Match': '"65a-10"' }],
    ['not-modified', { 'If-Match': '*', 'If-None-Match': '"65a-10"' }],
  ];
  for (const [verdict, fields] of cases) {
    assert.equal(evaluateConditions(fieldsOf(fields), file), verdict, JSON.stringify(fields));
  }
});

test('If-Range needs the very same file', () => {
  const cases: [boolean, Fields][] = [
    [true, {}],
    [true, { 'If-Range': '"65a-10"' }],
    [false, { 'If-Range': 'W/"65a-10"' }],
    [false, { 'If-Range': '"x"' }],
    [true, { 'If-Range': SAME }],
    [false, { 'If-Range': LATER }],
    [false, { 'If-Range': EARLIER }],
    [false, { 'If-Range': 'nonsense' }],
    [false, { 'If-Range': '' }],
  ];
  for (const [allowed, fields] of cases) {
    assert.equal(allowsRange(fieldsOf(fields), file), allowed, JSON.stringify(fields));
  }
});

test('requests without conditions are told from the others by name', () => {
  assert.ok(!mayBeConditional(fieldsOf({ Host: 'x', Accept: '*/*', 'Accept-Encoding': 'gzip' })));
  for (const name of ['If-None-Match', 'if-range', 'RANGE'])
    assert.ok(mayBeConditional(fieldsOf({ [name]: 'x' })), name);
});
