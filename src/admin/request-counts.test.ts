import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeExchange, type FakeRequest } from '../../test/support/fake-exchange.ts';
import type { Handler } from '../handler.ts';
import { requestFamilies } from './families.ts';
import { RequestCounts } from './request-counts.ts';

/** An exchange that was received at 1000 and ended at 1012.345, see FakeExchange. */
function run(counts: RequestCounts, handler: Handler, request: FakeRequest = {}): void {
  const exchange = new FakeExchange(request);
  exchange.onFinished = counts.end;
  counts.begin(handler)(exchange);
}

function samples(counts: RequestCounts, name: string): Record<string, unknown> {
  const family = requestFamilies(counts).find((one) => one.name === name)!;
  return Object.fromEntries(
    family.samples.map(({ labels, value }) => [Object.values(labels).join(' '), value]),
  );
}

const answerWith =
  (status: number): Handler =>
  (exchange) =>
    exchange.respond(status, [], 'Hello');

test('requests are counted by method and class of status', () => {
  const counts = new RequestCounts();
  for (const status of [200, 204, 302, 404, 503]) run(counts, answerWith(status));
  run(counts, answerWith(200), { method: 'POST' });
  run(counts, answerWith(200), { method: 'BREW' });
  run(counts, (exchange) => (exchange as FakeExchange).leave(), { method: '-' });
  assert.deepEqual(samples(counts, 'vivarium_requests'), {
    'GET 2xx': 2,
    'GET 3xx': 1,
    'GET 4xx': 1,
    'GET 5xx': 1,
    'POST 2xx': 1,
    'other 2xx': 1,
    'other none': 1,
  });
  assert.deepEqual(samples(counts, 'vivarium_requests_incomplete'), {
    'client-gone': 1,
    aborted: 0,
    'timed-out': 0,
  });
  assert.deepEqual(samples(counts, 'vivarium_response_body_bytes'), { '': 6 * 5 });
});

test('what has begun and not ended is in flight', () => {
  const counts = new RequestCounts();
  const waiting: (() => void)[] = [];
  for (let n = 0; n < 2; n++) run(counts, (exchange) => waiting.push(() => exchange.respond(200, [], '')));
  assert.equal(counts.inFlight, 2);
  for (const answer of waiting) answer();
  assert.equal(counts.inFlight, 0);
});

test('the time of an application splits into phases', () => {
  const counts = new RequestCounts();
  const through = (begunAt: number, answeredAt: number): Handler => {
    return (exchange) => {
      exchange.application = { begunAt, answeredAt, workerName: null };
      exchange.respond(200, [], '');
    };
  };
  run(counts, through(1_002, 0));
  run(counts, through(1_002, 1_010));
  // It was refused, or its client left, before a thread began with it.
  run(counts, through(0, 0));
  run(counts, answerWith(200));
  const sums = (['queue', 'application', 'write', 'duration'] as const).map((phase) => {
    const { counts: buckets, sum } = counts[phase];
    return [buckets.reduce((a, b) => a + b, 0), Math.round(sum * 1e6)];
  });
  assert.deepEqual(sums, [
    [3, 2_000 + 2_000 + 12_345],
    [2, 10_345 + 8_000],
    [2, 0 + 2_345],
    [4, 4 * 12_345],
  ]);
});
