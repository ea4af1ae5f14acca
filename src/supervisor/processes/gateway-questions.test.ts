import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../../test/support/fake-clock.ts';
import type { GatewayReport, ToGateway } from '../../control/messages.ts';
import { GatewayQuestions } from './gateway-questions.ts';

test('each question gets its own answer, and none is waited for in vain', async () => {
  const clock = new FakeClock();
  const told: ToGateway[] = [];
  const questions = new GatewayQuestions((message) => told.push(message), clock);
  const report: GatewayReport = { connections: 1, requests: 3, queued: { shop: 2 }, workers: [] };
  const requests = { total: 0, oldest: [] };
  const asked = [questions.ask('report'), questions.ask('requests')] as const;
  assert.deepEqual(told, [
    { type: 'ask', id: 1, question: 'report' },
    { type: 'ask', id: 2, question: 'requests' },
  ]);
  questions.answered(2, requests);
  questions.answered(1, report);
  assert.deepEqual(await Promise.all(asked), [report, requests]);
  const silent = questions.ask('report');
  clock.advance(60_000);
  assert.equal(await silent, null);
  questions.answered(3, report);
  assert.equal(clock.pendingTimers, 0);
});
