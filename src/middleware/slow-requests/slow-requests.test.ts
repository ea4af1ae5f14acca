import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeExchange, type FakeRequest } from '../../../test/support/fake-exchange.ts';
import type { Progress } from '../../exchange.ts';
import { createLog } from '../../telemetry/log.ts';
import { slowRequests } from './slow-requests.ts';

/** The lines that a request leaves which was received at 1 s and ended at `endedAt`. */
function linesOf(endedAt: number, application: Progress | null, request: FakeRequest = {}): string[] {
  const lines: string[] = [];
  const log = createLog('test', 'info', (line) => lines.push(line.replace(/^.*?\[test\] /, '').trim()));
  const exchange = new FakeExchange({ target: '/shop?q=secret', ...request });
  Object.assign(exchange, { endedAt, application });
  exchange.onFinished = slowRequests(2_000, log);
  exchange.respond(200, [], '');
  return lines;
}

const ID = '[request 4f2a9c017be3d865]';

test('a request that took longer has a line that says where the time went', () => {
  const application = { begunAt: 1_500, answeredAt: 3_500, workerName: 'worker 3 (pid 77)' };
  const times = '(queue 0.50 s, application 2.00 s, write 0.25 s)';
  assert.deepEqual(linesOf(3_750, application), [
    `slow-request: ${ID} GET /shop from 192.0.2.7: 200 after 2.75 s ${times} in worker 3 (pid 77)`,
  ]);
  assert.deepEqual(linesOf(2_999, application), []);
});

test('one that no worker got, one of a file, and one with a trace', () => {
  const refused = { begunAt: 0, answeredAt: 0, workerName: null };
  assert.deepEqual(linesOf(4_000, refused), [
    `slow-request: ${ID} GET /shop from 192.0.2.7: 200 after 3.00 s (queue 3.00 s, application 0.00 s, write 0.00 s)`,
  ]);
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  assert.deepEqual(linesOf(4_000, null, { remoteAddress: '', fields: { Traceparent: traceparent } }), [
    `slow-request: ${ID} GET /shop from a local client: 200 after 3.00 s, traceparent ${traceparent}`,
  ]);
});
