import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServerFields } from '../../protocols/response-fields.ts';
import { mayRender, render, rendered } from './rendition.ts';

const DATE = new Date('2026-01-31T00:00:00Z');
const anAnswer = (bodyBytes: number) => ({
  fields: Object.freeze(['Content-Type', 'text/plain']),
  body: Buffer.alloc(bodyBytes, 'x'),
  server: new ServerFields('vivarium', DATE),
});

test('only answers that cannot change are kept, and only small ones', () => {
  const { fields, body } = anAnswer(10);
  assert.equal(mayRender(fields, body), true);
  assert.equal(mayRender([...fields], body), false);
  assert.equal(mayRender(fields, Buffer.alloc(65_537)), false);
});

test('a small answer is kept from the first time on', () => {
  const { fields, body, server } = anAnswer(10);
  assert.equal(rendered(200, fields, body, server), null);
  assert.equal(String(render(200, fields, body, server, 'head ')), 'head xxxxxxxxxx');
  assert.equal(String(rendered(200, fields, body, server)), 'head xxxxxxxxxx');
});

test('a larger answer is kept from the second time on within one second', () => {
  const { fields, body, server } = anAnswer(60_000);
  assert.equal(render(200, fields, body, server, 'head '), null);
  assert.equal(rendered(200, fields, body, server), null);
  server.tick(new Date(DATE.getTime() + 1000));
  assert.equal(render(200, fields, body, server, 'head '), null, 'the Date has changed');
  assert.equal(render(200, fields, body, server, 'head ')?.length, 60_005);
  assert.equal(rendered(200, fields, body, server)?.length, 60_005);
});

test('an answer with another date, status or body is another one', () => {
  const { fields, body, server } = anAnswer(10);
  render(200, fields, body, server, 'head ');
  assert.equal(rendered(206, fields, body, server), null);
  assert.equal(rendered(200, fields, Buffer.from(body), server), null);
  server.tick(new Date(DATE.getTime() + 1000));
  assert.equal(rendered(200, fields, body, server), null);
});
