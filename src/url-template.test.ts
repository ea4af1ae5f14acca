import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FakeExchange, type FakeRequest } from '../test/support/fake-exchange.ts';
import { compilePath, compileUrl } from './url-template.ts';

function fill(template: string, request: FakeRequest = {}, captures: Record<string, string> = {}): string {
  const exchange = new FakeExchange(request);
  exchange.captures = captures;
  return compileUrl(template)!(exchange);
}

test('captures are encoded anew, what the client sent encoded stays so', () => {
  assert.equal(fill('/new/{1}', {}, { 1: 'a b/ü?#%41&' }), '/new/a%20b/%FC%3F%23%2541&');
  assert.equal(fill('/new?q={1}', {}, { 1: 'a&b=c+d;e#%' }), '/new?q=a%26b%3Dc%2Bd%3Be%23%25');
  const request = { target: '/a%20b?c=%26' };
  assert.equal(fill('https://{host}{uri}', request), 'https://example.org/a%20b?c=%26');
  assert.equal(fill('/x{path}?{query}&d={query.c}', request), '/x/a%20b?c=%26&d=%26');
  assert.equal(fill('/ü "x"'), '/%C3%BC%20%22x%22');
});

test('no client chooses the host', () => {
  const cases: readonly (readonly [string, FakeRequest, string, string])[] = [
    ['{1}', {}, '//evil.example', '/evil.example'],
    ['/{1}', {}, '/evil.example', '/evil.example'],
    ['/{1}', {}, '\\evil.example', '/%5Cevil.example'],
    ['/{1}{2}', {}, '', '/'],
    ['{path}', { target: '//evil.example/%2e%2e' }, '', '/evil.example/%2e%2e'],
    ['{uri}', { target: '/\\evil.example' }, '', '/%5Cevil.example'],
    ['{query.to}', { target: '/?to=//evil.example' }, '', '/evil.example'],
    ['{query.to}', { target: '/?to=https://evil.example' }, '', '/https://evil.example'],
    ['https://new.example{1}', {}, '.evil.example', 'https://new.example/.evil.example'],
    ['https://new.example{1}', {}, '@evil.example', 'https://new.example/@evil.example'],
    ['https://new.example{1}', {}, '/page', 'https://new.example/page'],
    ['https://{1}.example.org/', {}, 'evil.example/x?y#z@', 'https://evil.examplexyz.example.org/'],
    ['https://{host}:8443{1}', {}, '@evil.example', 'https://example.org:8443/@evil.example'],
    ['{scheme}://{host}{uri}', { target: '/a' }, '', 'http://example.org/a'],
  ];
  for (const [template, request, capture, expected] of cases)
    assert.equal(fill(template, request, { 1: capture, 2: '' }), expected, template);
  for (const template of ['https://{1}', 'https://{1}/x', 'https://{query.host}/', 'https://{header.x}{uri}'])
    assert.equal(compileUrl(template), null, template);
});

test('what is no path and no URL is refused', () => {
  for (const template of ['', 'new', 'javascript:alert(1)', 'mailto:a@b', '/{no}', '/{', 'https:///x'])
    assert.equal(compileUrl(template), null, template);
  assert.equal(compilePath('https://example.org/'), null);
});

test('whatever a client sends, the URL is of one line and of our host', () => {
  const bytes = fc.string({
    unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
  });
  const templates = [
    '{1}',
    '/a/{1}',
    '/{1}?x={1}',
    'https://ours.example{1}',
    'https://{1}.ours.example/{1}',
  ];
  fc.assert(
    fc.property(fc.constantFrom(...templates), bytes, (template, value) => {
      const url = fill(template, {}, { 1: value });
      assert.match(url, /^[\x21-\x7e]+$/);
      let found: URL;
      try {
        found = new URL(url, 'http://ours.example');
      } catch {
        return; // No browser goes anywhere.
      }
      assert.match(found.hostname, /(^|\.)ours\.example$/);
    }),
    { numRuns: 2000 },
  );
});
