import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeExchange } from '../../test/support/fake-exchange.ts';
import type { SiteSettings, UrlAlias, WsgiDirectory } from '../config/configuration.ts';
import { NO_FEATURES } from '../config/sections/features.ts';
import type { Handler } from '../handler.ts';
import { compileSites, type SiteParts } from './compile-sites.ts';

const SITE: SiteSettings = {
  hosts: [],
  isDefault: true,
  applications: ['application'],
  urlAliases: [],
  wsgiDirectories: [],
  features: NO_FEATURES,
  routes: [],
  place: 'the default site',
};

const named =
  (name: string): Handler =>
  (exchange) =>
    exchange.respond(200, [], name);

function partsWith(mountPoint: string): SiteParts {
  return {
    features: () => null,
    rewriting: () => null,
    hasAnswer: () => false,
    answer: () => null,
    application: (name) => ({ mountPoint, handle: named(name) }),
    staticFiles: (alias) => named(alias.path),
    notFound: named('not found'),
    misdirected: named('misdirected'),
  };
}

/** Which handler answers each path: the response body is its name. */
function answers({
  mountPoint = '/',
  urlAliases = [],
  hasApplication = true,
}: {
  mountPoint?: string;
  urlAliases?: UrlAlias[];
  hasApplication?: boolean;
}): (path: string, method?: string) => string {
  const site = { ...SITE, urlAliases, applications: hasApplication ? ['application'] : [] };
  const route = compileSites(NO_FEATURES, [site], partsWith(mountPoint));
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

/** The applications of the default site, each named by its mount point, and `/apps` as a directory of scripts. */
function answersOf(applications: readonly string[], scripts: readonly string[] = []) {
  const wsgiDirectories = [{ url: '/apps/', path: '/srv', application: {} as WsgiDirectory['application'] }];
  const site = { ...SITE, applications, wsgiDirectories };
  const known = [...applications, ...scripts];
  const route = compileSites(NO_FEATURES, [site], {
    ...partsWith('/'),
    application: (name) => (known.includes(name) ? { mountPoint: name, handle: named(name) } : null),
  });
  return (target: string) => {
    const exchange = new FakeExchange({ target });
    route(exchange);
    return exchange.text;
  };
}

test('of several applications the one with the longest mount point answers', () => {
  for (const applications of [
    ['/', '/shop', '/shop/admin'],
    ['/shop/admin', '/', '/shop'],
  ]) {
    const answer = answersOf(applications);
    assert.deepEqual(
      ['/', '/shopping', '/shop', '/shop/x', '/shop/admin', '/shop/admin/x', '/%73hop/x'].map(answer),
      ['/', '/', '/shop', '/shop', '/shop/admin', '/shop/admin', '/shop'],
    );
  }
  assert.equal(answersOf(['/shop'])('/'), 'not found');
});

test('a script answers at its name, and what none answers goes to the application', () => {
  const answer = answersOf(['/'], ['/apps/a', '/apps/b.c']);
  const paths = [
    '/apps/a',
    '/apps/a/x',
    '/apps/%61',
    '/apps/b.c/',
    '/apps/b',
    '/apps/',
    '/apps',
    '/apps//a',
    '/appsa',
  ];
  assert.deepEqual(paths.map(answer), [
    '/apps/a',
    '/apps/a',
    '/apps/a',
    '/apps/b.c',
    '/',
    '/',
    '/',
    '/',
    '/',
  ]);
  // No name of an application is reached by a path that is no script.
  assert.equal(answersOf([], ['shop'])('/apps/shop'), 'not found');
});

test('a path that leaves its alias goes to the application', () => {
  const answer = answers({ urlAliases: [{ url: '/static', path: 'static' }] });
  assert.equal(answer('/static/../secret'), 'application');
  assert.equal(answer('/staticx'), 'application');
  assert.equal(answer('/x/../static/y'), 'static');
});

test('a site without an application answers the rest with 404', () => {
  const answer = answers({ urlAliases: [{ url: '/static', path: 'static' }], hasApplication: false });
  assert.equal(answer('/static/x'), 'static');
  assert.equal(answer('/x'), 'not found');
});

test('OPTIONS * is answered by the server itself', () => {
  const exchange = new FakeExchange({ method: 'OPTIONS', target: '*' });
  const unreachable = () => assert.fail('a handler was asked');
  const parts: SiteParts = { ...partsWith('/'), staticFiles: () => unreachable, notFound: unreachable };
  compileSites(NO_FEATURES, [{ ...SITE, urlAliases: [{ url: '/', path: '/srv' }] }], parts)(exchange);
  assert.equal(exchange.status, 200);
  assert.match(exchange.field('allow')!, /^GET, HEAD, /);
  assert.equal(exchange.text, '');
});

test('the name chooses the site: exact before wildcard, the longest wildcard first, with and without the port', () => {
  const hosts = ['example.org', '*.example.org', '*.shop.example.org', 'example.net:8443', '[::1]'];
  const sites = hosts.map((host) => ({ ...SITE, hosts: [host], isDefault: false, applications: [host] }));
  const route = compileSites(NO_FEATURES, [...sites, SITE], partsWith('/'));
  const answer = (authority: string, localPort = 8000) => {
    const exchange = new FakeExchange({ authority, localPort });
    route(exchange);
    return exchange.text;
  };
  const expected: [authority: string, port: number, site: string][] = [
    ['example.org', 80, 'example.org'],
    ['example.org.', 80, 'example.org'],
    ['EXAMPLE.org:8000', 8000, 'example.org'],
    ['www.example.org', 80, '*.example.org'],
    ['a.b.example.org', 80, '*.example.org'],
    ['shop.example.org', 80, '*.example.org'],
    ['a.shop.example.org', 80, '*.shop.example.org'],
    ['example.net', 8443, 'example.net:8443'],
    // The port that counts is ours, not the one that a client says.
    ['example.net:8443', 8000, 'application'],
    ['[::1]:8000', 8000, '[::1]'],
    ['xexample.org', 80, 'application'],
    ['', 80, 'application'],
  ];
  for (const [authority, port, site] of expected) assert.equal(answer(authority, port), site, authority);
});

test('where there is no default site an unknown name is misdirected', () => {
  const site = { ...SITE, hosts: ['example.org'], isDefault: false };
  const exchange = new FakeExchange({ authority: 'example.net' });
  compileSites(NO_FEATURES, [site], partsWith('/'))(exchange);
  assert.equal(exchange.text, 'misdirected');
});
