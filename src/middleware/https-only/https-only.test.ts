import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeExchange } from '../../../test/support/fake-exchange.ts';
import { httpsOnly } from './https-only.ts';

const handle = httpsOnly(8443)((exchange) => exchange.respond(200, [], 'served'));

function ask(request: ConstructorParameters<typeof FakeExchange>[0]): FakeExchange {
  const exchange = new FakeExchange(request);
  handle(exchange);
  return exchange;
}

test('a request by TLS passes', () => {
  assert.equal(ask({ scheme: 'https', authority: 'a.example:8443' }).status, 200);
});

for (const [authority, target, location] of [
  ['a.example', '/x?y=1', 'https://a.example:8443/x?y=1'],
  ['a.example:8000', '/', 'https://a.example:8443/'],
  ['[::1]:8000', '/%0d%0a', 'https://[::1]:8443/%0d%0a'],
  ['a.example', 'http://a.example/x', 'https://a.example:8443/x'],
  ['a.example', 'http://a.example', 'https://a.example:8443/'],
  ['a.example', 'http://a.example?q', 'https://a.example:8443/'],
  ['a.example', '*', 'https://a.example:8443/'],
] as const) {
  test(`${authority} ${target} is sent to ${location}`, () => {
    const exchange = ask({ method: 'POST', scheme: 'http', authority, target });
    assert.equal(exchange.status, 308);
    assert.equal(exchange.field('location'), location);
  });
}

for (const authority of ['', 'a.example/evil', 'user@a.example', 'a b']) {
  test(`${JSON.stringify(authority)} as host is sent nowhere`, () => {
    assert.equal(ask({ scheme: 'http', authority, target: '/' }).status, 400);
  });
}

test('the usual port is not named', () => {
  const exchange = new FakeExchange({ scheme: 'http', authority: 'a.example', target: '/' });
  httpsOnly(443)(() => assert.fail())(exchange);
  assert.equal(exchange.field('location'), 'https://a.example/');
});
