import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogEntry } from '../telemetry/log.ts';
import { forwardEvents } from './event-forwarding.ts';

test('a flood of messages is cut off each second, and what is missing is counted', () => {
  let now = 0;
  const sent: LogEntry[] = [];
  const forward = forwardEvents(
    (event) => sent.push(event),
    () => now,
  );
  const entry: LogEntry = { at: 'x', level: 'info', process: 'gateway 7', code: 'a', message: 'm' };
  for (let n = 0; n < 50; n++) forward(entry);
  assert.equal(sent.length, 50);
  for (let n = 0; n < 1000; n++) forward(entry);
  assert.equal(sent.length, 50);
  now = 1000;
  forward(entry);
  assert.deepEqual(sent.slice(50), [
    {
      ...entry,
      level: 'warn',
      code: 'events-skipped',
      message: '1000 messages came too fast: only the error log has them',
    },
    entry,
  ]);
  now = 2000;
  forward(entry);
  assert.equal(sent.length, 53);
});
