import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ScgiResponseEncoder } from './response-encoder.ts';

test('an answer has the form of CGI', () => {
  const encoder = new ScgiResponseEncoder();
  assert.equal(
    encoder.head(404, 'Not Found', ['Content-Type', 'text/plain', 'Content-Length', '2']),
    'Status: 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n',
  );
  const body = Buffer.from('no');
  assert.deepEqual(encoder.body(body), [body]);
  assert.equal(encoder.end(), '');
});
