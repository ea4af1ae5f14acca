import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CachePlay, START_MS, says, settingsOf } from '../../../test/support/cache-play.ts';
import { FakeExchange } from '../../../test/support/fake-exchange.ts';
import { derivedRequest } from '../../derived-request.ts';
import { RequestFields } from '../../fields.ts';
import { FilteredExchange } from '../../filtered-exchange.ts';
import { cache } from './cache.ts';

test('a fresh answer is sent again, with its age, and without asking', () => {
  const play = new CachePlay();
  play.answer = says('max-age=60');
  const first = play.ask();
  assert.equal(first.field('cache-status'), 'vivarium; fwd=uri-miss; stored');
  play.pass(10);
  const second = play.ask();
  assert.equal(second.text, 'hello');
  assert.equal(second.field('age'), '10');
  assert.equal(second.field('date'), new Date(START_MS).toUTCString());
  assert.equal(second.field('cache-status'), 'vivarium; hit; ttl=50');
  assert.equal(play.asked.length, 1);
  assert.equal(play.ask({ method: 'HEAD' }).field('age'), '10');
  play.pass(51);
  play.ask();
  assert.equal(play.asked.length, 2);
});

test('hits of one second share one frozen list of fields, so that the gateway may keep what it made of it', () => {
  const play = new CachePlay();
  play.answer = says('max-age=60');
  play.ask();
  const [a, b] = [play.ask(), play.ask()];
  assert.equal(a.responseFields, b.responseFields);
  assert.ok(Object.isFrozen(a.responseFields));
  play.pass(1);
  assert.notEqual(play.ask().responseFields, a.responseFields);
});

test('what others may not see is not stored', () => {
  for (const [cacheControl, more] of [
    ['private, max-age=60', []],
    ['no-store', []],
    ['max-age=60', ['Set-Cookie', 'session=1']],
    ['max-age=60', ['Vary', '*']],
    ['', []],
  ] as const) {
    const play = new CachePlay();
    play.answer = says(cacheControl, 'hello', more);
    play.ask();
    assert.equal(play.ask().field('age'), null, `${cacheControl} ${more}`);
  }
});

test('an answer to one user is stored only when it says that it is for all', () => {
  const play = new CachePlay();
  const fields = { Authorization: 'Basic x' };
  play.answer = says('max-age=60');
  play.ask({ fields });
  play.ask();
  assert.equal(play.asked.length, 2);
  const open = new CachePlay();
  open.answer = says('public, max-age=60');
  open.ask({ fields });
  open.ask();
  assert.equal(open.asked.length, 1);
});

test('a user found by middleware, before the cache or behind it, counts as Authorization', () => {
  const play = new CachePlay();
  play.answer = (exchange) => {
    exchange.environ = ['REMOTE_USER', 'ann'];
    says('max-age=60')(exchange);
  };
  const exchange = play.ask();
  assert.equal(play.store.memory.entries, 0);
  assert.deepEqual(exchange.environ, ['REMOTE_USER', 'ann'], 'the access log knows, too');
});

test('purges by URL, prefix and label', async () => {
  const play = new CachePlay();
  play.answer = says('max-age=60', 'x', ['Cache-Tag', 'news, front']);
  for (const target of ['/a', '/a?x=1', '/b']) play.ask({ target });
  assert.equal((await play.store.purge({ kind: 'url', value: 'http://example.org:8000/a' })).purged, 1);
  assert.equal((await play.store.purge({ kind: 'prefix', value: 'http://example.org:8000/a' })).purged, 1);
  assert.equal((await play.store.purge({ kind: 'tag', value: 'front' })).purged, 1);
  assert.equal(play.store.memory.entries, 0);
  assert.equal(play.store.memory.bytes, 0);
});

test('poisoning: what tells an application another address or method is part of the key', () => {
  const play = new CachePlay();
  play.answer = (exchange) =>
    says('max-age=60', `at ${exchange.request.fields.get('x-forwarded-host') ?? 'home'}`)(exchange);
  play.ask({ fields: { 'X-Forwarded-Host': 'evil.example' } });
  assert.equal(play.ask().text, 'at home');
});

test('what a front has taken off the path is part of the key, and of the URL for purges', async () => {
  const play = new CachePlay();
  play.answer = (exchange) => says('max-age=60', `at ${exchange.request.scriptName}`)(exchange);
  for (const scriptName of ['/one', '/two']) {
    play.ask({ scriptName, target: '/x' });
    assert.equal(play.ask({ scriptName, target: '/x' }).text, `at ${scriptName}`);
  }
  assert.equal((await play.store.purge({ kind: 'url', value: 'http://example.org:8000/two/x' })).purged, 1);
});

test('poisoning: a GET with a body neither fills the store nor reads it', () => {
  const play = new CachePlay();
  play.answer = says('max-age=60');
  const exchange = new FakeExchange();
  Object.assign(exchange, { body: { size: 3 } });
  cache(settingsOf({}), { cacheStore: play.store })((behind) => play.answer!(behind))(exchange);
  assert.equal(play.store.memory.entries, 0);
});

test('a client that invents values of a field fills no memory', () => {
  const play = new CachePlay();
  play.answer = says('max-age=60', 'x', ['Vary', 'Accept-Language']);
  for (let i = 0; i < 500; i++) play.ask({ fields: { 'Accept-Language': `x-${i}` } });
  assert.equal(play.store.memory.entries, 64);
});

test('memory stays below its limit, and what is used stays longest', () => {
  const play = new CachePlay({}, 200_000);
  play.answer = says('max-age=60', 'x'.repeat(1000));
  play.ask({ target: '/used' });
  for (let i = 0; i < 1000; i++) {
    play.ask({ target: `/${i}` });
    play.ask({ target: '/used' });
    assert.ok(play.store.memory.bytes <= 200_000);
  }
  assert.equal(play.ask({ target: '/used' }).field('age'), '0');
  assert.equal(play.asked.length, 1001);
});

test('for internal redirects the handler sees as much as without a cache', () => {
  const play = new CachePlay({ lock: true });
  const sent = new FakeExchange({
    target: '/first',
    fields: { Authorization: 'Basic YTpi', Range: 'bytes=1-' },
  });
  const changed = derivedRequest(sent.request, { fields: new RequestFields() });
  play.handle(Object.defineProperty(new FilteredExchange(sent, changed), 'redirects', { value: 3 }));
  const { redirects, received, sent: first } = play.asked[0]!;
  assert.deepEqual(
    [redirects, first, received!.fields.get('authorization')],
    [3, sent.request, 'Basic YTpi'],
  );
});

test('a key that is too long is not looked at', () => {
  const play = new CachePlay();
  play.answer = says('max-age=60');
  play.ask({ target: `/${'x'.repeat(9000)}` });
  assert.equal(play.store.memory.entries, 0);
});
