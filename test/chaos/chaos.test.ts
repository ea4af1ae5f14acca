/** A short run, with the same plan each time. `npm run chaos` makes longer ones, and with plans nobody has seen before. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NO_PROC } from '../support/processes.ts';
import { formatRun } from './report.ts';
import { runChaos } from './run.ts';

const SECONDS = 20;
const CLIENTS = 16;
const SEED = 21;

test(`${SECONDS} s of everything that can go wrong`, { skip: NO_PROC }, async (t) => {
  const again = `npm run chaos -- --seconds ${SECONDS} --clients ${CLIENTS} --seed ${SEED}`;
  t.diagnostic(again);
  const run = await runChaos({ seed: SEED, seconds: SECONDS, clients: CLIENTS });
  assert.equal(run.verdicts.length, 0, `${again}\n${formatRun(run)}`);
  assert.ok(run.evidence.requests.length > 100, `only ${run.evidence.requests.length} requests were sent`);
});
