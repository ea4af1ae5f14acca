import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeExchange } from '../../../test/support/fake-exchange.ts';
import type { RewriteSettings } from '../../config/sections/rewrite.ts';
import { rewrite } from './rewrite.ts';

/** What follows sees: path, decoded path and query; the status when it sees nothing. */
function seen(settings: Partial<RewriteSettings>, target: string, captures = {}): unknown {
  const exchange = new FakeExchange({ target });
  exchange.captures = captures;
  let saw: unknown = null;
  const rule = { to: null, stripPrefix: null, addPrefix: null, ...settings };
  rewrite(rule)(({ request }) => {
    saw = [request.path, request.decodedPath, request.query];
    assert.equal(request.target, target, 'the target stays');
  })(exchange);
  return saw ?? exchange.status;
}

test('to a template, with a query of its own or that of the request', () => {
  const captures = { 1: 'a b', 2: '7' };
  assert.deepEqual(seen({ to: '/item/{1}' }, '/x?q=1', captures), ['/item/a%20b', '/item/a b', 'q=1']);
  assert.deepEqual(seen({ to: '/item?id={2}&{query}' }, '/x?q=1', captures), ['/item', '/item', 'id=7&q=1']);
  assert.deepEqual(seen({ to: '/v1{path}' }, '/a%2Fb'), ['/v1/a%2Fb', '/v1/a/b', '']);
});

test('prefixes are taken off and put on, in whatever way they were spelled', () => {
  const strip = { stripPrefix: '/api' };
  assert.deepEqual(seen(strip, '/api/users%2F1?x'), ['/users%2F1', '/users/1', 'x']);
  assert.deepEqual(seen(strip, '/api'), ['/', '/', '']);
  assert.deepEqual(seen(strip, '/apix'), ['/apix', '/apix', '']);
  assert.deepEqual(seen(strip, '/%61pi/a%20b'), ['/a%20b', '/a b', '']);
  assert.deepEqual(seen(strip, '//api//./b'), ['/b', '/b', '']);
  assert.deepEqual(seen({ addPrefix: '/app' }, '/x'), ['/app/x', '/app/x', '']);
  assert.deepEqual(seen({ stripPrefix: '/a', addPrefix: '/b' }, '/a/x'), ['/b/x', '/b/x', '']);
});

test('nobody climbs out of a prefix', () => {
  for (const target of ['/../secret', '/%2e%2e/secret', '/..%2fsecret', '/x/../../secret'])
    assert.deepEqual(
      seen({ addPrefix: '/public' }, target),
      ['/public/secret', '/public/secret', ''],
      target,
    );
  assert.deepEqual(seen({ to: '/public{path}' }, '/%2e%2e/secret'), ['/public/secret', '/public/secret', '']);
  assert.equal(seen({ to: '/public/{1}{1}/x' }, '/y', { 1: '.' }), 400);
});

test('OPTIONS * stays what it is', () => {
  assert.deepEqual(seen({ to: '/x' }, '*'), ['*', '*', '']);
});
