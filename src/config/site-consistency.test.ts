import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSection } from './read-section.ts';
import { sections } from './sections/table.ts';
import { findSiteMistakes } from './site-consistency.ts';

function mistakesIn(document: object): string[] {
  const mistakes: string[] = [];
  const spot = { file: 'vivarium.toml', directory: '/', path: [], lineOf: () => 1 };
  const read = readSection(sections, document, spot, mistakes);
  assert.deepEqual(mistakes, []);
  return findSiteMistakes({ sections: read!, applications: [] } as unknown as Parameters<
    typeof findSiteMistakes
  >[0]);
}

const route = (match: object) => ({ match, respond: 200 });

test('a cache before routes that choose by what it cannot see is a mistake, with a way out', () => {
  for (const match of [
    { address: ['10.0.0.0/8'] },
    { header: { 'x-beta': '*' } },
    { not: { address: ['10.0.0.1'] } },
  ]) {
    const key = Object.keys('not' in match ? match.not! : match)[0];
    assert.deepEqual(mistakesIn({ cache: true, routes: [route(match)] }), [
      `cache: a cache stands before a route with match.${key} (vivarium.toml:1: routes[0]), which it cannot see;` +
        ' allowed: cache in the routes whose answers may be kept, or a key that says it all',
    ]);
  }
  assert.match(mistakesIn({ cache: true, routes: [{ 'address-rules': ['deny all'] }] })[0]!, /address-rules/);
  const site = { hosts: ['a.example'], cache: true, routes: [route({ variable: { '{cookie.beta}': '1' } })] };
  assert.equal(mistakesIn({ sites: [site] }).length, 1);
});

test('a cache in a route, before routes that choose by the URL, or with a key of its own, is none', () => {
  const byUrl = route({ path: ['/a'], host: ['a.example'], query: { a: '1' }, method: ['GET'] });
  assert.deepEqual(mistakesIn({ cache: true, routes: [byUrl] }), []);
  assert.deepEqual(mistakesIn({ routes: [{ ...route({ address: ['10.0.0.1'] }), cache: true }] }), []);
  const key = '{authority}{uri} {header.x-beta}';
  assert.deepEqual(mistakesIn({ cache: { key }, routes: [route({ header: { 'x-beta': '*' } })] }), []);
});
