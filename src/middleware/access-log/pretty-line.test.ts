import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeExchange, type FakeRequest } from '../../../test/support/fake-exchange.ts';
import { prettyLine } from './pretty-line.ts';

function exchangeOf(status: number, durationMs: number, request: FakeRequest = {}): FakeExchange {
  const exchange = new FakeExchange(request);
  exchange.respond(status, [], '');
  exchange.durationMs = durationMs;
  return exchange;
}

test('a line has time, status, duration, method and target', () => {
  const line = prettyLine(false)(exchangeOf(200, 3.21, { target: '/shop?page=2' }));
  assert.match(line, /^\d\d:\d\d:\d\d {2}200 {4}3\.2 ms {2}GET \/shop\?page=2$/);
});

test('durations are in the unit that fits', () => {
  for (const [ms, text] of [
    [0.04, '0.0 ms'],
    [240.4, '240 ms'],
    [1530, '1.53 s'],
  ] as const)
    assert.ok(prettyLine(false)(exchangeOf(200, ms)).includes(` ${text}  GET`), text);
});

test('statuses have colours on a terminal that shows them', () => {
  const colorOf = (status: number) =>
    /\x1b\[(\d+)m(\d{3})\x1b\[0m/.exec(prettyLine(true)(exchangeOf(status, 1)));
  assert.deepEqual(
    [200, 302, 404, 500].map((status) => colorOf(status)?.[1]),
    ['32', '36', '33', '31'],
  );
});

test('a client cannot reach the terminal, and sees that it went away', () => {
  const exchange = new FakeExchange({ target: '/\x1b[2J' });
  exchange.outcome = 'client-gone';
  assert.match(prettyLine(false)(exchange), / 499 .*GET \/\\x1b\[2J {2}\(client-gone\)$/);
});
