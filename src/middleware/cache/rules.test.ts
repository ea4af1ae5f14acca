import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CachePlay, says } from '../../../test/support/cache-play.ts';

test('bypass asks and stores; no-store asks and does not', () => {
  const play = new CachePlay({ bypass: ['{cookie.preview}'], 'no-store': ['{query.secret}'] });
  play.answer = says('max-age=60', 'one');
  play.ask();
  play.answer = says('max-age=60', 'two');
  assert.equal(play.ask({ fields: { Cookie: 'preview=0' } }).text, 'one');
  assert.equal(play.ask({ fields: { Cookie: 'preview=yes' } }).text, 'two');
  assert.equal(play.ask().text, 'two');
  play.ask({ target: '/?secret=1' });
  assert.equal(play.store.memory.entries, 1);
});

test('valid: a lifetime for answers that say none', () => {
  const play = new CachePlay({ valid: { 200: '10s', any: '1s' } });
  play.answer = (exchange) => exchange.respond(exchange.request.path === '/' ? 200 : 404, [], 'x');
  play.ask();
  play.ask({ target: '/missing' });
  play.pass(5);
  play.ask();
  play.ask({ target: '/missing' });
  assert.equal(play.asked.length, 3);
});

test('min-uses: what is asked for once is not stored', () => {
  const play = new CachePlay({ 'min-uses': 3 });
  play.answer = says('max-age=60');
  for (let i = 0; i < 5; i++) play.ask();
  assert.equal(play.asked.length, 3);
});

test('the query: some parameters do not count, nor does their order', () => {
  const play = new CachePlay({ 'ignore-query': ['utm_*', 'fbclid'], 'sort-query': true });
  play.answer = says('max-age=60');
  play.ask({ target: '/?b=2&a=1&utm_source=mail' });
  play.ask({ target: '/?a=1&b=2&fbclid=x' });
  assert.equal(play.asked.length, 1);
  play.ask({ target: '/?a=1' });
  assert.equal(play.asked.length, 2);
});

test('set-cookie: kept without it, or with it, when that is asked for', () => {
  for (const [choice, expected] of [
    ['strip', null],
    ['keep', 'a=1'],
  ] as const) {
    const play = new CachePlay({ 'set-cookie': choice });
    play.answer = says('max-age=60', 'x', ['Set-Cookie', 'a=1']);
    assert.equal(play.ask().field('set-cookie'), 'a=1');
    const hit = play.ask();
    assert.equal(hit.field('age'), '0');
    assert.equal(hit.field('set-cookie'), expected);
  }
});

test('clients are obeyed only when that is asked for', () => {
  const fields = { 'Cache-Control': 'no-cache' };
  for (const [table, count] of [
    [{}, 1],
    [{ 'obey-clients': true }, 2],
  ] as const) {
    const play = new CachePlay(table);
    play.answer = says('max-age=60');
    play.ask();
    play.ask({ fields });
    assert.equal(play.asked.length, count);
  }
  const play = new CachePlay();
  assert.equal(play.ask({ fields: { 'Cache-Control': 'only-if-cached' } }).status, 504);
});

test('X-Accel-Expires counts before everything else, and is not passed on', () => {
  const play = new CachePlay();
  play.answer = says('max-age=0', 'x', ['X-Accel-Expires', '60']);
  assert.equal(play.ask().field('x-accel-expires'), null);
  assert.equal(play.ask().field('age'), '0');
  assert.equal(play.asked.length, 1);
});

test('an answer to HEAD is never taken for one to GET', () => {
  for (const table of [{}, { bypass: ['{query.fresh}'] }, { lock: false }, { 'min-uses': 2 }]) {
    const play = new CachePlay(table);
    play.answer = (exchange) =>
      says('max-age=60', exchange.request.method === 'HEAD' ? '' : 'hello')(exchange);
    play.ask({ method: 'HEAD', target: '/?fresh=1' });
    assert.equal(play.store.memory.entries, 0);
    assert.equal(play.ask({ target: '/?fresh=1' }).text, 'hello');
  }
});
