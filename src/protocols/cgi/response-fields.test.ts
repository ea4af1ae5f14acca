import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvalidField, UNKNOWN } from '../response-fields.ts';
import { gatewayAnswer } from './response-fields.ts';

test('the front gets what is meant for it, and nothing about our connection', () => {
  const fields = ['X-Accel-Redirect', '/f', 'Connection', 'close', 'Transfer-Encoding', 'chunked', 'A', 'b'];
  assert.deepEqual(gatewayAnswer('GET', 200, fields, 5), {
    fields: ['X-Accel-Redirect', '/f', 'A', 'b', 'Content-Length', '5'],
    hasBody: true,
    contentLength: 5,
  });
});

test('a field that would be taken for the status is left out', () => {
  assert.deepEqual(gatewayAnswer('GET', 200, ['Status', '500 x'], UNKNOWN).fields, []);
});

test('answers without a body say what RFC 9110 lets them say', () => {
  const of = (method: string, status: number, bytes: number) => {
    const { fields, hasBody } = gatewayAnswer(method, status, [], bytes);
    return [fields.join(' '), hasBody];
  };
  assert.deepEqual(of('HEAD', 200, 5), ['Content-Length 5', false]);
  assert.deepEqual(of('HEAD', 200, 0), ['', false]);
  assert.deepEqual(of('GET', 204, 5), ['', false]);
  assert.deepEqual(of('GET', 304, 5), ['', false]);
  assert.deepEqual(of('GET', 200, UNKNOWN), ['', true]);
});

test('a field that would break out of its line is refused', () => {
  for (const value of ['a\r\nb', 'a\nb', 'a\0b'])
    assert.throws(() => gatewayAnswer('GET', 200, ['X', value], 0), InvalidField);
  assert.throws(
    () => gatewayAnswer('GET', 200, ['Content-Length', '1', 'Content-Length', '2'], 0),
    InvalidField,
  );
});
