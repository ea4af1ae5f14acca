import assert from 'node:assert/strict';
import { test } from 'node:test';
import { INTERNAL_FIELDS } from '../fields.ts';
import { responseHead as http1Head } from './http1/response-head.ts';
import { responseHead as http2Head } from './http2/response-head.ts';
import { ServerFields, UNKNOWN } from './response-fields.ts';

test('what an application says to its web server is never sent, in no version of HTTP', () => {
  const server = new ServerFields('test', new Date(0));
  const fields = [...INTERNAL_FIELDS].flatMap((name) => [name, 'internal', name.toUpperCase(), 'internal']);
  const context = { method: 'GET', version: 'HTTP/1.1', keepAlive: true };
  const heads = [
    http1Head(context, 200, 'OK', [...fields, 'X-Accel', 'kept'], UNKNOWN, server).text,
    http2Head('GET', 200, [...fields, 'X-Accel', 'kept'], UNKNOWN, server).list.join('\n'),
  ];
  for (const head of heads) {
    assert.doesNotMatch(head, /internal/);
    assert.match(head, /kept/);
  }
});
