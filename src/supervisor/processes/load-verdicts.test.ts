import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../../test/support/fake-clock.ts';
import { LoadVerdicts } from './load-verdicts.ts';

function surroundings() {
  const clock = new FakeClock();
  const released: number[] = [];
  const verdicts = new LoadVerdicts(clock);
  const exit = (worker: number, status: number | null) =>
    verdicts.exited(worker, status, () => released.push(worker));
  return { clock, released, verdicts, exit };
}

test('other exits are not held back', () => {
  const { released, exit } = surroundings();
  exit(1, 0);
  exit(2, null);
  assert.deepEqual(released, [1, 2]);
});

test('an exit that comes after its reason is not held back', () => {
  const { released, verdicts, exit } = surroundings();
  verdicts.explained(1);
  exit(1, 3);
  assert.deepEqual(released, [1]);
});

test('an exit that comes before its reason waits for it, and only once', () => {
  const { clock, released, verdicts, exit } = surroundings();
  exit(1, 3);
  exit(2, 3);
  assert.deepEqual(released, []);
  verdicts.explained(2);
  assert.deepEqual(released, [2]);
  clock.advance(2000);
  assert.deepEqual(released, [2, 1]);
  assert.equal(clock.pendingTimers, 0);
});
