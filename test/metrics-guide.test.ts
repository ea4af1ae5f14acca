/** docs/guide/metrics.md explains every metric of the server, and no other. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { expose } from '../src/admin/exposition.ts';
import * as families from '../src/admin/families.ts';
import { Histogram } from '../src/admin/histogram.ts';
import { RequestCounts } from '../src/admin/request-counts.ts';
import { upstreamFamilies } from '../src/admin/upstream-families.ts';
import { MemoryStore } from '../src/middleware/cache/memory-store.ts';
import { ResponseStore } from '../src/middleware/cache/store.ts';

const GUIDE = new URL('../docs/guide/metrics.md', import.meta.url);

test('every metric has its row in the guide', () => {
  const usage = { residentBytes: 1, cpuMs: 1 };
  const all = [
    ...families.serverFamilies(true),
    ...families.requestFamilies(new RequestCounts()),
    ...families.connectionFamilies({ open: 0, accepted: 0, turnedAway: 0, limited: 0 }),
    ...families.applicationFamilies([
      { name: 'shop', queue: [], refused: {}, spent: { cpuUs: 0, wallUs: 0 }, workers: new Map() },
    ]),
    ...upstreamFamilies([]),
    ...families.cacheFamilies(new ResponseStore(new MemoryStore(0), null)),
    ...families.loopFamilies(new Histogram()),
    ...families.supervisorFamilies({
      type: 'supervisor-report',
      startedAtMs: 0,
      workersWanted: {},
      workers: [],
      supervisor: usage,
      gateway: usage,
      workerExits: {},
      gatewayExits: 0,
    }),
  ];
  const found = [...expose(all, 'prometheus').matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name);
  const rows = readFileSync(GUIDE, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| `vivarium'));
  const explained = rows.flatMap((row) =>
    [...row.split('|')[1]!.matchAll(/`(\w+)`/g)].map(([, name]) => name),
  );
  assert.deepEqual(explained.sort(), found.sort());
});
