import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RequestInFlight, RequestsInFlight } from '../../control/messages.ts';
import { mergeRequests } from './requests-in-flight.ts';

const request = (id: string, ageMs: number): RequestInFlight => ({
  application: 'shop',
  id,
  ageMs,
  method: 'GET',
  target: '/',
  client: '',
  worker: null,
  pid: null,
  phase: 'queued',
  stack: null,
});

test('what a retiring gateway has is listed with the rest, by age', () => {
  const current: RequestsInFlight = { total: 2, oldest: [request('b', 20), request('d', 1)] };
  const retiring: RequestsInFlight = { total: 700, oldest: [request('a', 30), request('c', 10)] };
  const merged = mergeRequests(current, [null, retiring])!;
  assert.equal(merged.total, 702);
  assert.equal(merged.oldest.map(({ id }) => id).join(), 'a,b,c,d');
  assert.equal(mergeRequests(null, [retiring]), null);
});
