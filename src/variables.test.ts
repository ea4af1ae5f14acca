import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeExchange } from '../test/support/fake-exchange.ts';
import { compileTemplate } from './variables.ts';

function filled(template: string, exchange = new FakeExchange()): string | null {
  return compileTemplate(template)?.(exchange) ?? null;
}

test('variables are replaced, everything else stays', () => {
  const exchange = new FakeExchange({
    target: '/a%20b?x=1&y=2&x=3',
    authority: 'Example.ORG:8000',
    fields: { 'User-Agent': 'curl', Cookie: 'a=1; session=s2' },
  });
  exchange.captures = { 1: 'one', word: 'two' };
  exchange.environ = ['REMOTE_USER', 'ada'];
  const expected: Record<string, string> = {
    '': '',
    'plain } text': 'plain } text',
    '{{path}': '{path}',
    '{scheme}://{host}:{port}{uri}': 'http://example.org:8000/a%20b?x=1&y=2&x=3',
    '{method} {path}?{query}': 'GET /a%20b?x=1&y=2&x=3',
    '{query.x}{query.y}{query.z}': '12',
    '{cookie.session}': 's2',
    '{header.user-agent}{header.none}': 'curl',
    '{1}-{match.word}-{2}': 'one-two-',
    '{remote-user}@{remote-address}': 'ada@192.0.2.7',
    é: Buffer.from('é').latin1Slice(),
  };
  for (const [template, text] of Object.entries(expected)) assert.equal(filled(template, exchange), text);
});

test('the status is that of the answer, or of the error that a page is made for, or not there', () => {
  const exchange = new FakeExchange();
  assert.equal(filled('{status}', exchange), '');
  exchange.environ = ['REDIRECT_STATUS', '404'];
  assert.equal(filled('{status}', exchange), '404');
  exchange.respond(403, [], '');
  assert.equal(filled('{status}', exchange), '403');
});

test('what is no template is refused', () => {
  for (const text of ['{', '{path', '{nothing}', '{header.}', '{.x}', '{}', '{constructor}', '{toString.x}'])
    assert.equal(compileTemplate(text), null, text);
});

test('IPv6 hosts keep their brackets', () => {
  assert.equal(filled('{host}', new FakeExchange({ authority: '[::1]:80' })), '[::1]');
  assert.equal(filled('{host}', new FakeExchange({ authority: '[::1]' })), '[::1]');
});
