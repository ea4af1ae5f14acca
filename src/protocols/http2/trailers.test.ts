import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Refusal } from '../http1/refusal.ts';
import type { HeadLimits } from '../http1/request-head.ts';
import { parseTrailers } from './trailers.ts';

const LIMITS: HeadLimits = {
  limitRequestLine: 40,
  limitRequestFields: 3,
  limitRequestFieldSize: 40,
  limitRequestHead: 60,
};

function statusOf(list: string[]): number {
  const result = parseTrailers(list, LIMITS);
  return result instanceof Refusal ? result.status : 200;
}

test('trailers are passed on, without the blanks around their values', () => {
  const list = ['x-sum', ' 17\t', 'grpc-status', '0'];
  assert.deepEqual(parseTrailers(list, LIMITS), ['x-sum', '17', 'grpc-status', '0']);
});

test('what would be read in two ways, or belongs into a head, is refused', () => {
  for (const [name, value] of [
    ['content-length', '5'],
    ['transfer-encoding', 'chunked'],
    ['connection', 'close'],
    ['host', 'x'],
    ['authorization', 'x'],
    ['x-forwarded-for', '192.0.2.1'],
    ['X-Upper', 'a'],
    ['x y', 'a'],
    ['', 'a'],
    ['x', 'a\r\nGET / HTTP/1.1'],
    ['x', 'a\0'],
  ] as const)
    assert.equal(statusOf([name, value]), 400, `${name}: ${value}`);
});

test('limits', () => {
  assert.equal(statusOf(['a', '1', 'a', '2', 'a', '3']), 200);
  assert.equal(statusOf(['a', '1', 'a', '2', 'a', '3', 'a', '4']), 431);
  assert.equal(statusOf(['a', 'x'.repeat(40)]), 431);
  assert.equal(statusOf(['a', 'x'.repeat(30), 'b', 'x'.repeat(30)]), 431);
});
