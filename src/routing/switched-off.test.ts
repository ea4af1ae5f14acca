import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeExchange, type FakeRequest } from '../../test/support/fake-exchange.ts';
import type { Configuration } from '../config/configuration.ts';
import { readSection } from '../config/read-section.ts';
import { featureNames, featureSettings } from '../config/sections/features.ts';
import { sections } from '../config/sections/table.ts';
import type { Handler, Middleware } from '../handler.ts';
import { rewriting } from '../middleware/rewrite/rewriting.ts';
import { compileSites, type SiteParts } from './compile-sites.ts';
import { explain } from './explain.ts';

function read(raw: object): Pick<Configuration, 'features' | 'sites'> {
  const mistakes: string[] = [];
  const spot = { file: 'x', directory: '/', path: [], lineOf: () => 1 };
  const read = readSection(sections, raw, spot, mistakes);
  assert.deepEqual(mistakes, []);
  const { features, routes, sites } = read!;
  const rest = { applications: [], urlAliases: [], wsgiDirectories: [] };
  return {
    features,
    sites: [
      ...sites.map((site) => ({ ...site, ...rest, isDefault: false })),
      {
        ...rest,
        features: featureSettings({}),
        routes,
        hosts: [],
        isDefault: true,
        place: 'default',
      },
    ],
  };
}

/** Each feature writes its name, and so does what answers. */
const parts: SiteParts = {
  features: (settings, off) => {
    const made = featureNames.filter((name) => settings[name] !== null && !off.has(name));
    const named = made.map(
      (name): Middleware =>
        (next) =>
        (exchange) => {
          written.push(name);
          next(exchange);
        },
    );
    const rewritten = rewriting(settings);
    return (next) =>
      [...named, ...(rewritten === null ? [] : [rewritten])].reduceRight((h, one) => one(h), next);
  },
  rewriting,
  hasAnswer: ({ respond }) => respond !== null,
  answer: ({ respond }) => respond && says(respond.body),
  application: () => null,
  staticFiles: () => says('static'),
  notFound: says('nothing'),
  misdirected: says('misdirected'),
};

let written: string[] = [];

function says(text: string): Handler {
  return (exchange) => {
    written.push(text);
    exchange.respond(200, [], '');
  };
}

/** What the request meets. */
function meets(raw: object, target: string, request: FakeRequest = {}): string {
  const { features, sites } = read(raw);
  const handle = compileSites(features, sites, parts);
  written = [];
  const exchange = new FakeExchange({ target, authority: 'other.example', ...request });
  handle(exchange);
  return written.join(' ');
}

const answer = (body: string) => ({ respond: { body } });

test('a route switches off what stands at the top, in its site and in the routes before it', () => {
  const file = {
    compress: true,
    'limit-requests': '1r/s',
    routes: [
      { match: '/a/*', 'limit-in-flight': 1 },
      { match: '/a/b/*', compress: false, 'limit-in-flight': false },
      { match: '/a/b/c', 'limit-requests': false, ...answer('c') },
      answer('rest'),
    ],
  };
  assert.equal(meets(file, '/'), 'limit-requests compress rest');
  assert.equal(meets(file, '/a/'), 'limit-requests compress limit-in-flight rest');
  assert.equal(meets(file, '/a/b/'), 'limit-requests rest');
  assert.equal(meets(file, '/a/b/c'), 'c');
});

test('a site switches off what stands at the top, for itself alone', () => {
  const file = {
    compress: true,
    'limit-requests': '1r/s',
    sites: [{ hosts: ['a.example'], compress: false, routes: [answer('a')] }],
    routes: [answer('rest')],
  };
  assert.equal(meets(file, '/', { authority: 'a.example' }), 'limit-requests a');
  assert.equal(meets(file, '/'), 'limit-requests compress rest');
});

test('behind the route that switches it off it can be said anew', () => {
  const file = {
    'limit-requests': '1r/s',
    routes: [
      { match: '/a/*', 'limit-requests': false },
      { match: '/a/b/*', 'limit-requests': '2r/s' },
      answer('rest'),
    ],
  };
  assert.equal(meets(file, '/a/x'), 'rest');
  assert.equal(meets(file, '/a/b/x'), 'limit-requests rest');
});

test('a route that another one answers in front of switches nothing off', () => {
  const file = {
    'limit-requests': '1r/s',
    routes: [
      { match: '/a/secret', ...answer('secret') },
      { match: '/a/*', 'limit-requests': false, ...answer('open') },
    ],
  };
  assert.equal(meets(file, '/a/secret'), 'limit-requests secret');
  assert.equal(meets(file, '/a/%73ecret'), 'limit-requests secret');
  assert.equal(meets(file, '//a//secret'), 'limit-requests secret');
  assert.equal(meets(file, '/a/x'), 'open');
});

test('what is rewritten on the way is looked at as it will be', () => {
  const file = {
    'limit-requests': '1r/s',
    rewrite: { 'strip-prefix': '/v1' },
    routes: [
      { match: '/x/*', rewrite: '/admin' },
      { match: '/open/*', 'limit-requests': false, ...answer('open') },
      { match: '/x/*', 'limit-requests': false, ...answer('x') },
      answer('rest'),
    ],
  };
  assert.equal(meets(file, '/v1/open/a'), 'rewrite open');
  assert.equal(meets(file, '/v1/x/a'), 'limit-requests rewrite rewrite rest');
});

test('nobody answers without a guard that was left out for a route which is not reached after all', () => {
  // What another server says may change the request in a way that nobody can foresee.
  const changing: SiteParts = {
    ...parts,
    features: (settings, off) => {
      const made = parts.features(settings, off);
      if (settings['forward-auth'] === null) return made;
      return (next) => (exchange) => {
        const changed = new FakeExchange({ target: '/secret' });
        (made?.(next) ?? next)(changed);
        exchange.respond(changed.status, [], '');
      };
    },
  };
  const status = (...given: string[]) => {
    const off = Object.fromEntries(given.map((name) => [name, false]));
    const { features, sites } = read({
      'limit-requests': '1r/s',
      'address-rules': 'deny all',
      routes: [{ 'forward-auth': '/check' }, { match: '/open', ...off, ...answer('open') }, answer('rest')],
    });
    const exchange = new FakeExchange({ target: '/open' });
    compileSites(features, sites, changing)(exchange);
    return exchange.status;
  };
  assert.deepEqual([status(), status('limit-requests'), status('address-rules')], [200, 200, 500]);
});

test('features that routes are chosen by cannot be switched off', () => {
  for (const name of ['rewrite', 'request-headers', 'geoip']) {
    const mistakes: string[] = [];
    const spot = { file: 'x', directory: '/', path: [], lineOf: () => 1 };
    readSection(sections, { routes: [{ [name]: false }] }, spot, mistakes);
    assert.equal(mistakes.length, 1, name);
  }
});

test('the explanation says what is off', () => {
  const { features, sites } = read({
    compress: true,
    routes: [{ match: '/a/*', compress: false }, answer('rest')],
  });
  const steps = explain({ features, sites }, new FakeExchange({ target: '/a/b' }).request, {
    featureNames,
    answerNames: ['respond'],
    rewriting,
    mountPoint: () => null,
  });
  assert.deepEqual(
    steps.map(({ verdict, why }) => `${verdict} ${why}`),
    ['adds compress', 'site no other site has this name', 'adds no compress', 'answers respond'],
  );
});
