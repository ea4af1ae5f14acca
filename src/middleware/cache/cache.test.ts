import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeExchange, type FakeRequest } from '../../../test/support/fake-exchange.ts';
import { readSection } from '../../config/read-section.ts';
import { type CacheSettings, cache as cacheSection } from '../../config/sections/cache.ts';
import type { Bytes, Exchange } from '../../exchange.ts';
import { cache } from './cache.ts';
import { MemoryStore } from './memory-store.ts';
import { ResponseStore } from './store.ts';

const START_MS = Date.UTC(2026, 10, 21, 12);

function settingsOf(table: object): CacheSettings {
  const mistakes: string[] = [];
  const spot = { file: 'vivarium.toml', directory: '/', path: ['cache'], lineOf: () => 1 };
  const settings = readSection(cacheSection, table, spot, mistakes);
  assert.deepEqual(mistakes, []);
  return settings!;
}

/** A cache before a handler that the test plays, with a clock that the test moves. */
class Play {
  nowMs = START_MS;
  readonly store: ResponseStore;
  /** What has reached the handler. */
  readonly asked: Exchange[] = [];
  /** Answers at once when it is set; otherwise the test does. */
  answer: ((exchange: Exchange) => void) | null = null;
  readonly #handle: (exchange: Exchange) => void;

  constructor(table: object = {}, memoryBytesMax = 10_000_000) {
    this.store = new ResponseStore(new MemoryStore(memoryBytesMax), null, () => this.nowMs);
    this.#handle = cache(settingsOf(table), { cacheStore: this.store })((exchange) => {
      this.asked.push(exchange);
      this.answer?.(exchange);
    });
  }

  ask(request: FakeRequest = {}): FakeExchange {
    const exchange = new FakeExchange(request);
    this.#handle(exchange);
    return exchange;
  }

  pass(seconds: number): void {
    this.nowMs += seconds * 1000;
  }
}

const says =
  (cacheControl: string, body: Bytes = 'hello', more: readonly string[] = []) =>
  (exchange: Exchange): void =>
    exchange.respond(200, ['Cache-Control', cacheControl, ...more], body);

test('a fresh answer is sent again, with its age, and without asking', () => {
  const play = new Play();
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
  const play = new Play();
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
    const play = new Play();
    play.answer = says(cacheControl, 'hello', more);
    play.ask();
    assert.equal(play.ask().field('age'), null, `${cacheControl} ${more}`);
  }
});

test('an answer to one user is stored only when it says that it is for all', () => {
  const play = new Play();
  const fields = { Authorization: 'Basic x' };
  play.answer = says('max-age=60');
  play.ask({ fields });
  play.ask();
  assert.equal(play.asked.length, 2);
  const open = new Play();
  open.answer = says('public, max-age=60');
  open.ask({ fields });
  open.ask();
  assert.equal(open.asked.length, 1);
});

test('a user found by middleware, before the cache or behind it, counts as Authorization', () => {
  const play = new Play();
  play.answer = (exchange) => {
    exchange.environ = ['REMOTE_USER', 'ann'];
    says('max-age=60')(exchange);
  };
  const exchange = play.ask();
  assert.equal(play.store.memory.entries, 0);
  assert.deepEqual(exchange.environ, ['REMOTE_USER', 'ann'], 'the access log knows, too');
});

test('many who ask at once are one request', () => {
  const play = new Play();
  const exchanges = [play.ask(), play.ask(), play.ask()];
  assert.equal(play.asked.length, 1);
  play.asked[0]!.start(200, ['Cache-Control', 'max-age=60', 'Content-Length', '10']);
  play.asked[0]!.write('hello');
  assert.equal(exchanges[0]!.text, 'hello', 'the first gets it as it comes');
  assert.equal(exchanges[1]!.status, 0);
  play.asked[0]!.write('world');
  play.asked[0]!.end();
  for (const exchange of exchanges) assert.equal(exchange.text, 'helloworld');
  assert.equal(play.store.counts.coalesced, 2);
});

test('those who wait ask for themselves when the answer cannot be stored', () => {
  const play = new Play();
  const [, second] = [play.ask(), play.ask()];
  play.answer = says('private', 'for you');
  play.asked[0]!.respond(200, ['Cache-Control', 'private'], 'for me');
  assert.equal(second!.text, 'for you');
  // From then on nobody waits.
  play.answer = null;
  play.ask();
  play.ask();
  assert.equal(play.asked.length, 4);
});

test('those who wait for another variant ask for themselves', () => {
  const play = new Play();
  play.ask({ fields: { 'Accept-Language': 'de' } });
  const other = play.ask({ fields: { 'Accept-Language': 'fr' } });
  play.answer = says('max-age=60', 'bonjour', ['Vary', 'Accept-Language']);
  play.asked[0]!.respond(200, ['Cache-Control', 'max-age=60', 'Vary', 'Accept-Language'], 'hallo');
  assert.equal(other.text, 'bonjour');
  play.ask({ fields: { 'Accept-Language': 'DE' } });
  assert.equal(play.asked.length, 2);
});

test('a request that waits too long asks for itself', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const play = new Play();
  play.ask();
  play.ask();
  t.mock.timers.tick(4999);
  assert.equal(play.asked.length, 1);
  t.mock.timers.tick(1);
  assert.equal(play.asked.length, 2);
});

test('the one who asked may leave: what others wait for is fetched to its end', () => {
  const play = new Play();
  const first = play.ask();
  const second = play.ask();
  let isGivenUp = false;
  play.asked[0]!.onGone = () => {
    isGivenUp = true;
  };
  first.leave();
  assert.equal(isGivenUp, false);
  play.asked[0]!.respond(200, ['Cache-Control', 'max-age=60'], 'hello');
  assert.equal(second.text, 'hello');
});

test('when all have left, the handler is told', () => {
  const play = new Play();
  const first = play.ask();
  let isGivenUp = false;
  play.asked[0]!.onGone = () => {
    isGivenUp = true;
  };
  first.leave();
  assert.ok(isGivenUp);
  play.ask();
  assert.equal(play.asked.length, 2, 'and the next one asks again');
});

test('a slow client does not hold up what others wait for', () => {
  const play = new Play();
  const slow = play.ask();
  slow.roomBytes = 1;
  const other = play.ask();
  const [fetch] = play.asked;
  fetch!.start(200, ['Cache-Control', 'max-age=60']);
  assert.equal(fetch!.write('hello'), true);
  assert.equal(fetch!.write(' world'), true);
  fetch!.end();
  assert.equal(other.text, 'hello world');
  assert.equal(slow.text, 'hello');
  slow.drain(100);
  assert.equal(slow.text, 'hello world');
  assert.ok(slow.ended);
});

test('a body that is too large is passed on, at the pace of the client, and not stored', () => {
  const play = new Play({ 'max-size': 10 });
  const slow = play.ask();
  slow.roomBytes = 1;
  const other = play.ask();
  const [fetch] = play.asked;
  fetch!.start(200, ['Cache-Control', 'max-age=60']);
  fetch!.write('12345678');
  assert.equal(play.asked.length, 1);
  assert.equal(fetch!.write('90abcdef'), false);
  assert.equal(play.asked.length, 2, 'who waited asks');
  let hasRoom = false;
  fetch!.onDrain = () => {
    hasRoom = true;
  };
  slow.drain(100);
  assert.ok(hasRoom);
  fetch!.end();
  assert.equal(slow.text, '1234567890abcdef');
  assert.equal(other.status, 0);
  assert.equal(play.store.memory.entries, 0);
});

test('an answer that is cut is not stored', () => {
  const play = new Play();
  const first = play.ask();
  play.asked[0]!.start(200, ['Cache-Control', 'max-age=60']);
  play.asked[0]!.write('half');
  play.asked[0]!.abort(502, 'The process has ended.');
  assert.equal(first.outcome, 'aborted');
  assert.equal(play.store.memory.entries, 0);
});

test('an answer that is shorter than it said is not stored', () => {
  const play = new Play();
  play.ask({ method: 'GET' });
  play.ask({ target: '/other' });
  const [, fetch] = play.asked;
  fetch!.start(200, ['Cache-Control', 'max-age=60', 'Content-Length', '10']);
  fetch!.write('half');
  assert.throws(() => fetch!.end(), 'the gateway cuts the connection');
  assert.equal(play.store.memory.entries, 0);
});

test('a field that must not be sent is refused before anything is stored', () => {
  const play = new Play();
  const exchange = new FakeExchange();
  exchange.respond = () => {
    throw new Error('invalid field');
  };
  const handle = cache(settingsOf({}), { cacheStore: play.store })((behind) => says('max-age=60')(behind));
  assert.throws(() => handle(exchange), /invalid field/);
  assert.equal(play.store.memory.entries, 0);
});

test('a stale answer is validated, and takes the fields of the 304', () => {
  const play = new Play();
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
  const play = new Play();
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
  const play = new Play();
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
  const play = new Play();
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
    const play = new Play(table);
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
  const play = new Play({ 'stale-if-error': '30s', 'stale-while-revalidate': '30s' });
  play.answer = says('max-age=10, must-revalidate', 'old');
  play.ask();
  play.pass(20);
  play.answer = (exchange) => exchange.respond(503, [], 'broken');
  assert.equal(play.ask().status, 503);
});

test('a request that changes a URL makes what is stored of it invalid, and of what its answer names', () => {
  const play = new Play();
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
  const play = new Play();
  play.answer = says('max-age=60');
  play.ask();
  play.answer = (exchange) => exchange.respond(500, [], '');
  play.ask({ method: 'DELETE' });
  assert.equal(play.ask().field('age'), '0');
});

test('what was on its way when its URL was purged is not stored', async () => {
  const play = new Play();
  play.ask();
  await play.store.purge({ kind: 'prefix', value: 'http://example.org:8000/' });
  says('max-age=60', 'as it was')(play.asked[0]!);
  assert.equal(play.store.memory.entries, 0);
});

test('purges by URL, prefix and label', async () => {
  const play = new Play();
  play.answer = says('max-age=60', 'x', ['Cache-Tag', 'news, front']);
  for (const target of ['/a', '/a?x=1', '/b']) play.ask({ target });
  assert.equal((await play.store.purge({ kind: 'url', value: 'http://example.org:8000/a' })).purged, 1);
  assert.equal((await play.store.purge({ kind: 'prefix', value: 'http://example.org:8000/a' })).purged, 1);
  assert.equal((await play.store.purge({ kind: 'tag', value: 'front' })).purged, 1);
  assert.equal(play.store.memory.entries, 0);
  assert.equal(play.store.memory.bytes, 0);
});

test('poisoning: what tells an application another address or method is part of the key', () => {
  const play = new Play();
  play.answer = (exchange) =>
    says('max-age=60', `at ${exchange.request.fields.get('x-forwarded-host') ?? 'home'}`)(exchange);
  play.ask({ fields: { 'X-Forwarded-Host': 'evil.example' } });
  assert.equal(play.ask().text, 'at home');
});

test('poisoning: a GET with a body neither fills the store nor reads it', () => {
  const play = new Play();
  play.answer = says('max-age=60');
  const exchange = new FakeExchange();
  Object.assign(exchange, { body: { size: 3 } });
  cache(settingsOf({}), { cacheStore: play.store })((behind) => play.answer!(behind))(exchange);
  assert.equal(play.store.memory.entries, 0);
});

test('a client that invents values of a field fills no memory', () => {
  const play = new Play();
  play.answer = says('max-age=60', 'x', ['Vary', 'Accept-Language']);
  for (let i = 0; i < 500; i++) play.ask({ fields: { 'Accept-Language': `x-${i}` } });
  assert.equal(play.store.memory.entries, 64);
});

test('memory stays below its limit, and what is used stays longest', () => {
  const play = new Play({}, 200_000);
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

test('a key that is too long is not looked at', () => {
  const play = new Play();
  play.answer = says('max-age=60');
  play.ask({ target: `/${'x'.repeat(9000)}` });
  assert.equal(play.store.memory.entries, 0);
});

test('bypass asks and stores; no-store asks and does not', () => {
  const play = new Play({ bypass: ['{cookie.preview}'], 'no-store': ['{query.secret}'] });
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
  const play = new Play({ valid: { 200: '10s', any: '1s' } });
  play.answer = (exchange) => exchange.respond(exchange.request.path === '/' ? 200 : 404, [], 'x');
  play.ask();
  play.ask({ target: '/missing' });
  play.pass(5);
  play.ask();
  play.ask({ target: '/missing' });
  assert.equal(play.asked.length, 3);
});

test('min-uses: what is asked for once is not stored', () => {
  const play = new Play({ 'min-uses': 3 });
  play.answer = says('max-age=60');
  for (let i = 0; i < 5; i++) play.ask();
  assert.equal(play.asked.length, 3);
});

test('the query: some parameters do not count, nor does their order', () => {
  const play = new Play({ 'ignore-query': ['utm_*', 'fbclid'], 'sort-query': true });
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
    const play = new Play({ 'set-cookie': choice });
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
    const play = new Play(table);
    play.answer = says('max-age=60');
    play.ask();
    play.ask({ fields });
    assert.equal(play.asked.length, count);
  }
  const play = new Play();
  assert.equal(play.ask({ fields: { 'Cache-Control': 'only-if-cached' } }).status, 504);
});

test('X-Accel-Expires counts before everything else', () => {
  const play = new Play();
  play.answer = says('max-age=0', 'x', ['X-Accel-Expires', '60']);
  play.ask();
  assert.equal(play.ask().field('age'), '0');
  assert.equal(play.asked.length, 1);
});
