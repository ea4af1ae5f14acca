import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServerEvent } from '../../control/protocol.ts';
import { EventFeed } from './event-feed.ts';

const event = (message: string): ServerEvent => ({
  at: '2026-11-21T04:44:27.147Z',
  level: 'info',
  process: 'supervisor 7',
  code: 'worker-started',
  message,
});
const nobodyGone = () => new AbortController().signal;
const messages = (events: readonly ServerEvent[]) => events.map(({ message }) => message);

test('the newest events are remembered, the oldest first', () => {
  const feed = new EventFeed();
  assert.deepEqual(feed.newest(10), []);
  for (let n = 0; n < 1000; n++) feed.add(event(String(n)));
  assert.deepEqual(messages(feed.newest(3)), ['997', '998', '999']);
  assert.deepEqual(feed.newest(0), []);
  assert.equal(feed.newest(1000).length, 200);
  assert.equal(feed.newest(1000)[0]!.message, '800');
});

test('who follows gets what comes, until the server ends', async () => {
  const feed = new EventFeed();
  feed.add(event('before'));
  const seen: ServerEvent[] = [];
  const end = feed.follow((one) => seen.push(one), nobodyGone());
  feed.add(event('one'));
  feed.add(event('x'.repeat(100_000)));
  feed.end();
  await end;
  feed.add(event('after'));
  assert.deepEqual(messages(seen), ['one', `${'x'.repeat(4096)} …`]);
  await feed.follow(() => assert.fail('the feed has ended'), nobodyGone());
});

test('who has gone follows no more, and makes room', async () => {
  const feed = new EventFeed();
  const seen: ServerEvent[] = [];
  const leaving = new AbortController();
  const left = feed.follow((one) => seen.push(one), leaving.signal);
  for (let n = 0; n < 7; n++) void feed.follow(() => {}, nobodyGone());
  await assert.rejects(
    feed.follow(() => {}, nobodyGone()),
    /8 others follow/,
  );
  leaving.abort();
  await left;
  feed.add(event('unseen'));
  assert.equal(seen.length, 0);
  void feed.follow((one) => seen.push(one), nobodyGone());
  feed.add(event('seen'));
  assert.deepEqual(messages(seen), ['seen']);
});
