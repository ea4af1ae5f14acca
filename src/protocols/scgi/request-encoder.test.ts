import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anOutgoingRequest } from '../../../test/support/outgoing-request.ts';
import { ScgiRequestEncoder } from './request-encoder.ts';

/** The variables of a netstring, which is checked. */
function variablesOf(head: string): [string, string][] {
  const [, length, text] = /^(\d+):(.*),$/s.exec(head)!;
  assert.equal(text!.length, Number(length));
  assert.ok(text!.endsWith('\0'));
  const parts = text!.slice(0, -1).split('\0');
  assert.equal(parts.length % 2, 0);
  return Array.from({ length: parts.length / 2 }, (_, i) => [parts[2 * i]!, parts[2 * i + 1]!]);
}

test('the head of a request begins as the specification says', () => {
  const head = new ScgiRequestEncoder().head(anOutgoingRequest({ method: 'POST' }), 27);
  assert.deepEqual(variablesOf(head).slice(0, 3), [
    ['CONTENT_LENGTH', '27'],
    ['SCGI', '1'],
    ['REQUEST_METHOD', 'POST'],
  ]);
});

test('a body of no bytes has a length, too', () => {
  assert.match(
    new ScgiRequestEncoder().head(anOutgoingRequest(), 0),
    /^\d+:CONTENT_LENGTH\x000\0SCGI\x001\0/,
  );
});

test('each name stands there once, whatever the route adds', () => {
  const variables = ['SCGI', '2', 'CONTENT_LENGTH', '9', 'REMOTE_USER', 'ann', 'SERVER_NAME', 'other'];
  const sent = variablesOf(new ScgiRequestEncoder().head(anOutgoingRequest({ variables }), 5));
  const names = sent.map(([name]) => name);
  assert.equal(new Set(names).size, names.length);
  const values = new Map(sent);
  assert.deepEqual(
    ['SCGI', 'CONTENT_LENGTH', 'REMOTE_USER', 'SERVER_NAME'].map((name) => values.get(name)),
    ['1', '5', 'ann', 'other'],
  );
});

test('a NUL cannot begin another variable', () => {
  const request = anOutgoingRequest({ pathInfo: '/a\0REMOTE_USER\0root', fields: ['X-A', 'b\0HTTPS\0on'] });
  const values = new Map(variablesOf(new ScgiRequestEncoder().head(request, 0)));
  assert.equal(values.get('PATH_INFO'), '/aREMOTE_USERroot');
  assert.equal(values.has('REMOTE_USER') || values.has('HTTPS'), false);
});

test('the body follows as it is', () => {
  const encoder = new ScgiRequestEncoder();
  const chunk = Buffer.from('What is the answer to life?');
  assert.deepEqual(encoder.body(chunk), [chunk]);
  assert.equal(encoder.end(), '');
});
