import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeExchange } from '../../test/support/fake-exchange.ts';
import type { SiteSettings } from '../config/configuration.ts';
import type { Handler } from '../handler.ts';
import { compileSite } from './compile-site.ts';

/** Which handler answers each path: the response body is its name. */
function answers(
  site: Partial<SiteSettings>,
  hasApplication = true,
): (path: string, method?: string) => string {
  const named =
    (name: string): Handler =>
    (exchange) =>
      exchange.respond(200, [], name);
  const route = compileSite(
    { mountPoint: '/', urlAliases: [], ...site },
    {
      application: hasApplication ? named('application') : null,
      staticFiles: (alias) => named(alias.path),
      notFound: named('not found'),
    },
  );
  return (target, method = 'GET') => {
    const exchange = new FakeExchange({ method, target });
    route(exchange);
    return exchange.text;
  };
}

test('without aliases everything goes to the application', () => {
  const answer = answers({});
  for (const path of ['/', '/x', '//x', '/a/../b', '/%00']) assert.equal(answer(path), 'application', path);
});

test('a mount point covers itself and what is below it', () => {
  const answer = answers({ mountPoint: '/app' });
  for (const path of ['/app', '/app/', '/app/x', '/%61pp', '/app%2Fx'])
    assert.equal(answer(path), 'application', path);
  for (const path of ['/', '/apple', '/ap', '//app', '/x/app']) assert.equal(answer(path), 'not found', path);
});

test('the longest alias wins, whatever the order and the spelling', () => {
  const urlAliases = [
    { url: '/', path: 'root' },
    { url: '/media', path: 'media' },
    { url: '/media/private/', path: 'private' },
    { url: '/favicon.ico', path: 'icon' },
    { url: '/é', path: 'accent' },
  ];
  const answer = answers({ urlAliases });
  const expected: Record<string, string> = {
    '/': 'root',
    '/mediax': 'root',
    '/media': 'media',
    '/media/x': 'media',
    '/media/privatex': 'media',
    '/media/private': 'private',
    '/media/private/x': 'private',
    '/media//private/x': 'private',
    '/media/./private/x': 'private',
    '/media/y/../private/x': 'private',
    '/media/%70rivate/x': 'private',
    '/media%2Fprivate%2Fx': 'private',
    '/media/%2e/private/x': 'private',
    '/media/private/../x': 'media',
    '/../../media/x': 'media',
    '/favicon.ico': 'icon',
    '/%C3%A9/x': 'accent',
  };
  for (const [path, handler] of Object.entries(expected)) assert.equal(answer(path), handler, path);
});

test('a path that leaves its alias goes to the application', () => {
  const answer = answers({ urlAliases: [{ url: '/static', path: 'static' }] });
  assert.equal(answer('/static/../secret'), 'application');
  assert.equal(answer('/staticx'), 'application');
  assert.equal(answer('/x/../static/y'), 'static');
});

test('a site without an application answers the rest with 404', () => {
  const answer = answers({ urlAliases: [{ url: '/static', path: 'static' }] }, false);
  assert.equal(answer('/static/x'), 'static');
  assert.equal(answer('/x'), 'not found');
});

test('OPTIONS * is answered by the server itself', () => {
  const exchange = new FakeExchange({ method: 'OPTIONS', target: '*' });
  const unreachable = () => assert.fail('a handler was asked');
  compileSite(
    { mountPoint: '/', urlAliases: [{ url: '/', path: '/srv' }] },
    { application: unreachable, staticFiles: () => unreachable, notFound: unreachable },
  )(exchange);
  assert.equal(exchange.status, 200);
  assert.match(exchange.field('allow')!, /^GET, HEAD, /);
  assert.equal(exchange.text, '');
});
