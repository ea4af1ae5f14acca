import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeExchange } from '../../../test/support/fake-exchange.ts';
import type { ResponseHeadersSettings } from '../../config/sections/response-headers.ts';
import { responseHeaders } from './response-headers.ts';

const NOTHING: ResponseHeadersSettings = { remove: [], set: {}, default: {}, add: {} };

function sent(settings: Partial<ResponseHeadersSettings>, fields: string[], exchange = new FakeExchange()) {
  responseHeaders({ ...NOTHING, ...settings })((inner) => inner.respond(200, fields, 'x'))(exchange);
  return exchange.responseFields;
}

test('fields are taken away, set, added, and given where there is none', () => {
  const settings = {
    remove: ['X-Powered-By'],
    set: { Server: 'ours' },
    default: { 'Cache-Control': 'no-store', 'X-Frame-Options': 'DENY' },
    add: { Vary: 'Cookie' },
  };
  const fields = ['x-powered-by', 'PHP', 'Cache-Control', 'public', 'server', 'theirs', 'Vary', 'Accept'];
  const expected = ['Cache-Control', 'public', 'Vary', 'Accept', 'Server', 'ours', 'Vary', 'Cookie'];
  assert.deepEqual(sent(settings, fields), [...expected, 'X-Frame-Options', 'DENY']);
});

test('what a client sends cannot end a line', () => {
  const exchange = new FakeExchange();
  exchange.captures = { 1: 'a\r\nSet-Cookie: x' };
  assert.deepEqual(sent({ set: { 'X-Path': '{1}' } }, [], exchange), ['X-Path', 'aSet-Cookie: x']);
});

test('the status is that of the answer, and what was caught is that of the route', () => {
  const exchange = new FakeExchange();
  exchange.captures = { 1: 'ours' };
  responseHeaders({ ...NOTHING, set: { 'X-A': '{status} {1}' } })((inner) => {
    inner.captures = { 1: 'of a route behind' };
    inner.respond(201, [], 'x');
  })(exchange);
  assert.deepEqual(exchange.responseFields, ['X-A', '201 ours']);
});

test('an answer that is started is changed as well', () => {
  const exchange = new FakeExchange();
  responseHeaders({ ...NOTHING, set: { 'X-A': 'b' } })((inner) => {
    inner.start(200, []);
    inner.write('body');
    inner.end();
  })(exchange);
  assert.deepEqual(exchange.responseFields, ['X-A', 'b']);
  assert.equal(exchange.text, 'body');
});

test('error pages of ours are answers like any other', () => {
  const exchange = new FakeExchange();
  responseHeaders({ ...NOTHING, set: { 'X-A': 'b' } })((inner) => inner.abort(503, 'Full.'))(exchange);
  assert.equal(exchange.status, 503);
  assert.equal(exchange.field('x-a'), 'b');
  assert.match(exchange.text, /<p>Full\.<\/p>/);
});
