import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CachePlay, says, settingsOf } from '../../../test/support/cache-play.ts';
import { FakeExchange } from '../../../test/support/fake-exchange.ts';
import { cache } from './cache.ts';

test('many who ask at once are one request', () => {
  const play = new CachePlay();
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
  const play = new CachePlay();
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
  const play = new CachePlay();
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
  const play = new CachePlay();
  play.ask();
  play.ask();
  t.mock.timers.tick(4999);
  assert.equal(play.asked.length, 1);
  t.mock.timers.tick(1);
  assert.equal(play.asked.length, 2);
});

test('the one who asked may leave: what others wait for is fetched to its end', () => {
  const play = new CachePlay();
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
  const play = new CachePlay();
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
  const play = new CachePlay();
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
  const play = new CachePlay({ 'max-size': 10 });
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
  const play = new CachePlay();
  const first = play.ask();
  play.asked[0]!.start(200, ['Cache-Control', 'max-age=60']);
  play.asked[0]!.write('half');
  play.asked[0]!.abort(502, 'The process has ended.');
  assert.equal(first.outcome, 'aborted');
  assert.equal(play.store.memory.entries, 0);
});

test('an answer that is shorter than it said is not stored', () => {
  const play = new CachePlay();
  play.ask({ method: 'GET' });
  play.ask({ target: '/other' });
  const [, fetch] = play.asked;
  fetch!.start(200, ['Cache-Control', 'max-age=60', 'Content-Length', '10']);
  fetch!.write('half');
  assert.throws(() => fetch!.end(), 'the gateway cuts the connection');
  assert.equal(play.store.memory.entries, 0);
});

test('a field that must not be sent is refused before anything is stored', () => {
  const play = new CachePlay();
  const exchange = new FakeExchange();
  exchange.respond = () => {
    throw new Error('invalid field');
  };
  const handle = cache(settingsOf({}), { cacheStore: play.store })((behind) => says('max-age=60')(behind));
  assert.throws(() => handle(exchange), /invalid field/);
  assert.equal(play.store.memory.entries, 0);
});

test('what was on its way when its URL was purged is not stored', async () => {
  const play = new CachePlay();
  play.ask();
  await play.store.purge({ kind: 'prefix', value: 'http://example.org:8000/' });
  says('max-age=60', 'as it was')(play.asked[0]!);
  assert.equal(play.store.memory.entries, 0);
});
