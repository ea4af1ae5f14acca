import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UwsgiResponseEncoder } from './response-encoder.ts';

test('an answer has a status line of HTTP, then is one of CGI', () => {
  const encoder = new UwsgiResponseEncoder();
  assert.equal(encoder.head(404, 'Not Found', ['A', 'b']), 'HTTP/1.1 404 Not Found\r\nA: b\r\n\r\n');
  assert.deepEqual(encoder.body('abc'), ['abc']);
  assert.equal(encoder.end(), '');
});
