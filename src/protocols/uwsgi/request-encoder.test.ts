import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anOutgoingRequest } from '../../../test/support/outgoing-request.ts';
import { RequestTooLarge } from '../request-too-large.ts';
import { readVariables } from './packets.ts';
import { UwsgiRequestEncoder } from './request-encoder.ts';

test('a request is a packet of variables with modifier1 = 0, and its body as it is', () => {
  const encoder = new UwsgiRequestEncoder();
  const head = encoder.head(anOutgoingRequest({ method: 'POST', fields: ['Host', 'a', 'X-Y', '\xe9'] }), 27);
  assert.equal(head.charCodeAt(0), 0);
  assert.equal(head.charCodeAt(1) + head.charCodeAt(2) * 256, head.length - 4);
  assert.equal(head.charCodeAt(3), 0);
  assert.ok(head.slice(4).startsWith('\x0e\0CONTENT_LENGTH\x02\x0027\x0e\0REQUEST_METHOD\x04\0POST'));
  const variables = readVariables(head.slice(4), 100) as string[];
  assert.equal(variables[variables.indexOf('HTTP_X_Y') + 1], '\xe9');
  const chunk = Buffer.from('What is the answer to life?');
  assert.deepEqual(encoder.body(chunk), [chunk]);
  assert.equal(encoder.end(), '');
});

test('a request that finds no room in a packet is not written', () => {
  const head = (size: number) =>
    new UwsgiRequestEncoder().head(anOutgoingRequest({ fields: ['Cookie', 'c'.repeat(size)] }), 0);
  const room = 65_535 - (head(0).length - 4);
  assert.equal(head(room).length, 4 + 65_535);
  assert.throws(() => head(room + 1), RequestTooLarge);
});
