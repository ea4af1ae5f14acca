import assert from 'node:assert/strict';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { FakeExchange, type FakeRequest } from '../../../test/support/fake-exchange.ts';
import { makeFolder } from '../../../test/support/folder.ts';
import type { ErrorPage } from '../../config/sections/error-pages.ts';
import type { Exchange } from '../../exchange.ts';
import type { Handler } from '../../handler.ts';
import { errorPages } from './error-pages.ts';

const PAGES: Readonly<Record<string, ErrorPage>> = {
  404: { path: '/errors/404' },
  '5xx': { path: '/errors/5xx' },
};

interface Wanted {
  readonly pages?: Readonly<Record<string, ErrorPage>>;
  readonly intercepts?: boolean;
  readonly request?: FakeRequest;
  /** Answers the paths of pages. */
  readonly page?: Handler;
}

const goodPage: Handler = (exchange) =>
  exchange.respond(200, ['Content-Type', 'text/html', 'ETag', '"p"'], `page ${exchange.request.path}`);

function answerOf(handler: Handler, wanted: Wanted = {}): FakeExchange {
  const { pages = PAGES, intercepts = false, request = {}, page = goodPage } = wanted;
  const exchange = new FakeExchange(request);
  const next: Handler = (x) => (x.request.path.startsWith('/errors/') ? page(x) : handler(x));
  errorPages({ pages, intercepts })(next)(exchange);
  return exchange;
}

test('an error of ours has the page of its status, or of its class, and keeps its fields', () => {
  const missing = answerOf((x) => x.abort(404, 'not here'));
  assert.deepEqual([missing.status, missing.text], [404, 'page /errors/404']);
  const busy = answerOf((x) => x.abort(503, 'busy', ['Retry-After', '7']));
  assert.deepEqual([busy.status, busy.text, busy.field('retry-after')], [503, 'page /errors/5xx', '7']);
  const refused = answerOf((x) => x.abort(403, 'no'));
  assert.deepEqual([refused.status, refused.aborted], [403, 'no']);
});

test('an error page of the application stays, unless it is to be intercepted', () => {
  const handler: Handler = (x) =>
    x.respond(404, ['Content-Type', 'text/plain', 'Content-Length', '4', 'Set-Cookie', 'a=b'], 'mine');
  assert.equal(answerOf(handler).text, 'mine');
  const replaced = answerOf(handler, { intercepts: true });
  assert.deepEqual(
    [replaced.status, replaced.text, replaced.field('set-cookie')],
    [404, 'page /errors/404', 'a=b'],
  );
  assert.equal(replaced.field('content-type'), 'text/html');
  assert.equal(replaced.field('content-length'), null);
  assert.equal(answerOf((x) => x.respond(200, [], 'well'), { intercepts: true }).text, 'well');
});

test('of an answer that comes bit by bit nothing is left', () => {
  const replaced = answerOf(
    (x) => {
      x.start(500, ['Content-Type', 'text/plain']);
      assert.equal(x.write('a'), true);
      x.onGone = () => assert.fail('the page has begun');
      x.end();
      x.abort(500, 'too late');
    },
    { intercepts: true },
  );
  assert.deepEqual([replaced.status, replaced.text], [500, 'page /errors/5xx']);
  replaced.onGone?.();
});

test('the page is asked for as a GET without what belongs to the failed request', () => {
  let seen: Exchange | null = null;
  const fields = { 'Content-Length': '5', 'If-None-Match': '"p"', Range: 'bytes=0-1', Cookie: 'c' };
  answerOf((x) => x.abort(404, ''), {
    request: { method: 'POST', target: '/lost?q', fields },
    page: (exchange) => {
      seen = exchange;
      goodPage(exchange);
    },
  });
  const { request, body, environ } = seen! as Exchange;
  assert.deepEqual([request.method, request.path, request.query, body], ['GET', '/errors/404', '', null]);
  assert.deepEqual(
    request.fields.names.map(({ lower }) => lower),
    ['cookie'],
  );
  assert.deepEqual(environ, [
    'REDIRECT_STATUS',
    '404',
    'REDIRECT_URL',
    '/lost',
    'REDIRECT_QUERY_STRING',
    'q',
  ]);
});

test('a page that fails does not call for another one: the error is told as it would be without', () => {
  for (const page of [
    (x: Exchange) => x.abort(404, 'no page'),
    (x: Exchange) => x.respond(500, [], 'broken'),
    (x: Exchange) => {
      x.start(302, []);
      x.write('elsewhere');
      x.end();
    },
  ]) {
    const aborted = answerOf((x) => x.abort(404, 'not here', ['X-A', 'b']), { page });
    assert.deepEqual([aborted.status, aborted.aborted, aborted.field('x-a')], [404, 'not here', 'b']);
    const answered = answerOf((x) => x.respond(404, [], 'mine'), { page, intercepts: true });
    assert.deepEqual([answered.status, answered.text], [404, 'mine']);
    const started = answerOf(
      (x) => {
        x.start(404, []);
        x.write('mine');
        x.end();
      },
      { page, intercepts: true },
    );
    assert.deepEqual([started.status, started.ended], [404, true]);
  }
});

test('after the head an answer that is given up is cut', () => {
  const exchange = answerOf((x) => {
    x.start(200, []);
    x.write('half');
    x.abort(500, 'broken');
  });
  assert.deepEqual([exchange.status, exchange.outcome, exchange.text], [200, 'aborted', 'half']);
});

test('a file is sent from memory, follows changes, and is kept when it is gone', async (t) => {
  const folder = makeFolder(t, { '404.html': '<h1>lost</h1>' });
  const file = join(folder, '404.html');
  const middleware = errorPages({ pages: { 404: { file } }, intercepts: false });
  const ask = (): string => {
    const exchange = new FakeExchange();
    middleware((x) => x.abort(404, ''))(exchange);
    assert.equal(exchange.field('content-type'), 'text/html; charset=utf-8');
    return exchange.text;
  };
  assert.equal(ask(), '<h1>lost</h1>');
  writeFileSync(`${file}.new`, 'new');
  renameSync(`${file}.new`, file);
  while (ask() !== 'new') await sleep(20);
  rmSync(file);
  assert.equal(ask(), 'new');
  assert.throws(() => errorPages({ pages: { 404: { file } }, intercepts: false }), /ENOENT/);
});
