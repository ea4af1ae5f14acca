import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeExchange, type FakeRequest } from '../../test/support/fake-exchange.ts';
import { readSection } from '../config/read-section.ts';
import { type RouteSettings, route } from '../config/sections/route.ts';
import { compileRoutes } from './routes.ts';

function read(raw: unknown): RouteSettings {
  const mistakes: string[] = [];
  const spot = { file: 'x', directory: '/', path: [], lineOf: () => 1 };
  const settings = readSection(route, raw, spot, mistakes);
  assert.deepEqual(mistakes, []);
  return settings!;
}

/** Answers with the `body` of the route that answers; each route that has headers adds its name in front. */
function answer(routes: unknown[], request: FakeRequest): string {
  const handle = compileRoutes(
    routes.map(read),
    {
      features: ({ 'response-headers': headers }) =>
        headers &&
        ((next) => (exchange) => {
          (exchange as FakeExchange).chunks.push(Buffer.from(`${headers.set.name}>`));
          next(exchange);
        }),
      answer: ({ respond }) => respond && ((exchange) => exchange.respond(200, [], respond.body)),
    },
    (exchange) => exchange.respond(404, [], 'none'),
  );
  const exchange = new FakeExchange(request);
  handle(exchange);
  return exchange.text;
}

const says = (match: unknown, body: string) => ({ match, respond: { body } });

test('the first that matches and has an answer answers', () => {
  const routes = [says('/a', 'a'), says('/a*', 'prefix'), { respond: { body: 'rest' } }];
  assert.equal(answer(routes, { target: '/a' }), 'a');
  assert.equal(answer(routes, { target: '/ab' }), 'prefix');
  assert.equal(answer(routes, { target: '/b' }), 'rest');
  assert.equal(answer([], { target: '/b' }), 'none');
});

test('features of each that matches hold for what follows', () => {
  const adds = (match: string, name: string) => ({ match, 'response-headers': { set: { name } } });
  const routes = [adds('/a/*', 'outer'), adds('/a/b/*', 'inner'), says('/a/*', 'a')];
  assert.equal(answer(routes, { target: '/a/b/c' }), 'outer>inner>a');
  assert.equal(answer(routes, { target: '/a/c' }), 'outer>a');
  assert.equal(answer(routes, { target: '/b' }), 'none');
});

test('every key must fit, and of several values one', () => {
  const match = {
    path: ['/x', '/y'],
    method: ['GET', 'HEAD'],
    address: ['192.0.2.0/24', '::1'],
    header: { Accept: '*json*' },
    query: { debug: '1' },
    variable: { '{cookie.beta}': '~^y' },
    not: { path: '/y', scheme: 'https' },
  };
  const request = {
    target: '/y?a&debug=1',
    fields: { Accept: 'text/json', Cookie: 'a=b; beta=yes' },
  } satisfies FakeRequest;
  const fits = (changes: FakeRequest) => answer([says(match, 'fits')], { ...request, ...changes }) === 'fits';
  assert.ok(fits({}));
  assert.ok(fits({ remoteAddress: '::1' }));
  assert.ok(fits({ target: '/x?debug=1', scheme: 'https' }));
  assert.ok(!fits({ scheme: 'https' }));
  assert.ok(!fits({ target: '/z?debug=1' }));
  assert.ok(!fits({ target: '/y?debug=2' }));
  assert.ok(!fits({ target: '/y?xdebug=1' }));
  assert.ok(!fits({ method: 'POST' }));
  assert.ok(!fits({ remoteAddress: '192.0.3.1' }));
  assert.ok(!fits({ remoteAddress: '' }));
  assert.ok(!fits({ fields: { Cookie: 'beta=yes' } }));
  assert.ok(!fits({ fields: { Accept: 'text/json' } }));
});

test('paths are compared decoded and without detours, so that no spelling slips past a route', () => {
  const routes = [says('/admin/*', 'admin')];
  for (const target of ['/admin/x', '/%61dmin/x', '//admin//x', '/./admin/x', '/admin%2fx'])
    assert.equal(answer(routes, { target }), 'admin', target);
});

test('a path with two readings is refused', () => {
  const routes = [says('/admin/*', 'admin')];
  for (const target of ['/a/../admin/x', '/admin/../x', '/admin/%2e%2E/x', '/admin/x/..', '/admin%2f..']) {
    const refused = answer(routes, { target });
    assert.equal(refused, '<p>The path has a segment "..".</p>', target);
  }
  assert.equal(answer(routes, { target: '/x/..y/...' }), 'none');
  // Without a route that goes by anything there is nothing to slip past.
  assert.equal(answer([{ respond: { body: 'all' } }], { target: '/a/../b' }), 'all');
});

test('what was caught is there for what follows', () => {
  const exchange = new FakeExchange({ target: '/old/page' });
  compileRoutes([read(says('/old/*', '{1}'))], { features: () => null, answer: () => () => {} }, () =>
    assert.fail(),
  )(exchange);
  assert.deepEqual(exchange.captures, { 1: 'page' });
  // A route that catches nothing does not have what one before it has caught.
  const parts = { features: () => null, answer: () => () => {} };
  compileRoutes([read(says('~^/old', ''))], parts, () => assert.fail())(exchange);
  assert.equal(exchange.captures, null);
});
