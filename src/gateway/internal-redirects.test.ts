import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeExchange } from '../../test/support/fake-exchange.ts';
import { SILENT_LOG } from '../../test/support/upstream-servers.ts';
import { derivedRequest } from '../derived-request.ts';
import type { Exchange } from '../exchange.ts';
import { RequestFields } from '../fields.ts';
import { FilteredExchange } from '../filtered-exchange.ts';
import type { Handler } from '../handler.ts';
import { limitInFlight } from '../middleware/limit-in-flight/limit-in-flight.ts';
import { limitRequests } from '../middleware/limit-requests/limit-requests.ts';
import { internalRedirects } from './internal-redirects.ts';

const fields = { Authorization: 'Basic YTpi', 'Content-Type': 'a/b', 'Content-Length': '5', Cookie: 'a=1' };

function redirect(exchange: Exchange, target: string, routes: Handler, kept: string[] = []): void {
  internalRedirects(() => routes, SILENT_LOG)(exchange, target, kept);
}

test('the routes see the request of the client, with another path and without its body', () => {
  const inner = new FakeExchange({ method: 'POST', target: '/first?a=b', fields });
  const withoutPassword = derivedRequest(inner.request, { fields: new RequestFields() });
  const seen: Exchange[] = [];
  redirect(new FilteredExchange(inner, withoutPassword), '/caf%C3%A9?c=d#e', (exchange) =>
    seen.push(exchange),
  );
  const { request, redirects, body } = seen[0]!;
  const { method, target, path, decodedPath, query } = request;
  assert.deepEqual([method, target, path], ['GET', '/caf%C3%A9?c=d', '/caf%C3%A9']);
  assert.deepEqual([decodedPath, query, redirects, body], ['/caf\xc3\xa9', 'c=d', 1, null]);
  assert.deepEqual(
    request.fields.names.map(({ raw }) => raw),
    ['Authorization', 'Cookie'],
  );
});

test('fields that are kept take the place of others, but not in an error', () => {
  const kept = ['Content-Type', 'text/csv', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2'];
  const answered = (status: number) => {
    const exchange = new FakeExchange();
    redirect(
      exchange,
      '/x',
      (there) => there.respond(status, ['content-type', 'a/b', 'ETag', '"1"'], ''),
      kept,
    );
    return exchange.responseFields;
  };
  assert.deepEqual(answered(200), ['ETag', '"1"', ...kept]);
  assert.deepEqual(answered(404), ['content-type', 'a/b', 'ETag', '"1"']);
});

test('HEAD stays HEAD', () => {
  const exchange = new FakeExchange({ method: 'HEAD' });
  redirect(exchange, '/x', ({ request }) => assert.equal(request.method, 'HEAD'));
});

test('limits that have counted a request do not count it again where it is led', () => {
  const place = 'vivarium.toml:1';
  const common = { key: '{remote-address}', status: 429, dryRun: false, place } as const;
  const rate = limitRequests(
    { ...common, rate: 0.001, burst: 0, delayAfter: 0, keysMax: 10 },
    { log: SILENT_LOG },
  );
  const inFlight = limitInFlight({ ...common, max: 1 }, { log: SILENT_LOG });
  const routes: Handler = rate(
    inFlight((exchange) => {
      if (exchange.redirects === undefined) redirect(exchange, '/there', routes);
      else exchange.respond(200, [], exchange.request.path);
    }),
  );
  const ask = (remoteAddress: string) => {
    const exchange = new FakeExchange({ remoteAddress });
    routes(exchange);
    return exchange;
  };
  assert.equal(ask('192.0.2.1').text, '/there');
  assert.equal(ask('192.0.2.1').status, 429);
  assert.equal(ask('192.0.2.2').text, '/there');
});

test('what is no path, or leads round in a circle, is an error', () => {
  const nowhere: Handler = () => assert.fail('asked');
  for (const target of ['', 'x', '/a/../b', '/%2e%2e', '/%00', '/%z', '/a b', '/a\nb']) {
    const exchange = new FakeExchange();
    redirect(exchange, target, nowhere);
    assert.equal(exchange.status, 500, JSON.stringify(target));
  }
  let asked = 0;
  const exchange = new FakeExchange();
  const again: Handler = (there) => {
    asked++;
    redirect(there, '/again', again);
  };
  redirect(exchange, '/again', again);
  assert.deepEqual([asked, exchange.status], [10, 500]);
});
