import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CachePlay, says } from '../../../test/support/cache-play.ts';

test('a stale answer is validated, and takes the fields of the 304', () => {
  const play = new CachePlay();
  play.answer = says('max-age=10', 'hello', ['ETag', '"1"', 'X-A', 'old']);
  play.ask();
  play.pass(20);
  play.answer = (exchange) => {
    assert.equal(exchange.request.fields.get('if-none-match'), '"1"');
    exchange.respond(304, ['ETag', '"1"', 'X-A', 'new'], '');
  };
  const validated = play.ask();
  assert.equal(validated.status, 200);
  assert.equal(validated.text, 'hello');
  assert.equal(validated.field('x-a'), 'new');
  assert.equal(validated.field('age'), '0');
  play.pass(5);
  assert.equal(play.ask().field('age'), '5');
  assert.equal(play.asked.length, 2);
});

test('a client with a condition gets 304 of what is stored, and of what is stored for it', () => {
  const play = new CachePlay();
  play.answer = (exchange) => {
    assert.equal(exchange.request.fields.get('if-none-match'), null);
    says('max-age=10', 'hello', ['ETag', '"1"'])(exchange);
  };
  const fields = { 'If-None-Match': 'W/"1"' };
  assert.equal(play.ask({ fields }).status, 304);
  const second = play.ask({ fields });
  assert.equal(second.status, 304);
  assert.equal(second.field('etag'), '"1"');
  assert.equal(play.ask({ fields: { 'If-None-Match': '"2"' } }).status, 200);
  assert.equal(play.asked.length, 1);
});

test('ranges are cut out of what is stored; for what is not, they are the business of the handler', () => {
  const play = new CachePlay();
  play.answer = says('max-age=10', '0123456789', ['ETag', '"1"']);
  play.ask({ fields: { Range: 'bytes=0-1' } });
  assert.equal(play.store.memory.entries, 0);
  play.ask();
  const part = play.ask({ fields: { Range: 'bytes=2-4' } });
  assert.equal(part.status, 206);
  assert.equal(part.text, '234');
  assert.equal(part.field('content-range'), 'bytes 2-4/10');
  assert.equal(play.ask({ fields: { Range: 'bytes=-3' } }).text, '789');
  assert.equal(play.ask({ fields: { Range: 'bytes=20-' } }).status, 416);
  assert.equal(play.ask({ fields: { Range: 'bytes=4-2' } }).status, 200);
  assert.equal(play.ask({ fields: { Range: 'bytes=0-1', 'If-Range': '"2"' } }).status, 200);
});

test('stale-while-revalidate: the stale answer is sent, and one request fetches the next', () => {
  const play = new CachePlay();
  play.answer = says('max-age=10, stale-while-revalidate=30', 'old');
  play.ask();
  play.pass(20);
  play.answer = null;
  assert.equal(play.ask().text, 'old');
  assert.equal(play.ask().field('cache-status'), 'vivarium; hit; ttl=-10');
  assert.equal(play.asked.length, 2);
  says('max-age=10', 'new')(play.asked[1]!);
  assert.equal(play.ask().text, 'new');
});

test('stale-if-error: the stale answer is sent in place of an error, as long as the answer or the setting says', () => {
  for (const [table, cacheControl] of [
    [{}, 'max-age=10, stale-if-error=30'],
    [{ 'stale-if-error': '30s' }, 'max-age=10'],
  ] as const) {
    const play = new CachePlay(table);
    play.answer = says(cacheControl, 'old');
    play.ask();
    play.pass(20);
    play.answer = (exchange) => exchange.respond(503, [], 'broken');
    assert.equal(play.ask().text, 'old');
    play.answer = (exchange) => exchange.abort(504, 'too slow');
    assert.equal(play.ask().text, 'old');
    play.pass(30);
    assert.equal(play.ask().status, 504);
  }
});

test('must-revalidate forbids what the configuration would allow', () => {
  const play = new CachePlay({ 'stale-if-error': '30s', 'stale-while-revalidate': '30s' });
  play.answer = says('max-age=10, must-revalidate', 'old');
  play.ask();
  play.pass(20);
  play.answer = (exchange) => exchange.respond(503, [], 'broken');
  assert.equal(play.ask().status, 503);
});

test('a request that changes a URL makes what is stored of it invalid, and of what its answer names', () => {
  const play = new CachePlay();
  play.answer = says('max-age=60');
  for (const target of ['/', '/a', '/b', '/c']) play.ask({ target });
  play.answer = (exchange) =>
    exchange.respond(201, ['Location', '/a', 'Content-Location', 'http://elsewhere.example/b'], '');
  play.ask({ method: 'POST', target: '/c' });
  play.answer = says('max-age=60');
  const isStored = (target: string) => play.ask({ target }).field('age') !== null;
  assert.deepEqual(['/', '/a', '/b', '/c'].map(isStored), [true, false, true, false]);
});

test('a change that failed changes nothing', () => {
  const play = new CachePlay();
  play.answer = says('max-age=60');
  play.ask();
  play.answer = (exchange) => exchange.respond(500, [], '');
  play.ask({ method: 'DELETE' });
  assert.equal(play.ask().field('age'), '0');
});

test('a 304 with fields that must not be sent, or that forbids to store, ends what is stored', () => {
  for (const news of [
    ['X A', '1'],
    ['X-A', 'a\nb'],
    ['Cache-Control', 'no-store'],
  ]) {
    const play = new CachePlay();
    play.answer = says('max-age=10', 'hello', ['ETag', '"1"']);
    play.ask();
    play.pass(20);
    play.answer = (exchange) => exchange.respond(304, ['ETag', '"1"', ...news], '');
    assert.equal(play.ask().text, 'hello');
    assert.equal(play.store.memory.entries, 0);
  }
});
