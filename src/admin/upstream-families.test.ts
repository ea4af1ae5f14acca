import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expose } from './exposition.ts';
import { upstreamFamilies } from './upstream-families.ts';

test('each server has its state and its counts', () => {
  const counts = { weight: 1, isBackup: false, busy: 3, requests: 50, failures: 7, idleConnections: 4 };
  const servers = [{ server: 'unix:/run/"a".sock', state: 'failing', ...counts } as const];
  const text = expose(upstreamFamilies([{ upstream: 'api', queued: 2, servers }]), 'prometheus');
  const labels = 'upstream="api",server="unix:/run/\\\\"a\\\\".sock"'.replaceAll('\\\\', '\\');
  const lines = text.split('\n').filter((line) => !line.startsWith('#') && line !== '');
  assert.deepEqual(lines, [
    'vivarium_upstream_queue_length{upstream="api"} 2',
    ...['up 0', 'failing 1', 'unhealthy 0', 'draining 0', 'disabled 0'].map((one) => {
      const [state, value] = one.split(' ');
      return `vivarium_upstream_server_state{${labels},state="${state}"} ${value}`;
    }),
    `vivarium_upstream_requests_in_flight{${labels}} 3`,
    `vivarium_upstream_idle_connections{${labels}} 4`,
    `vivarium_upstream_requests_total{${labels}} 50`,
    `vivarium_upstream_failures_total{${labels}} 7`,
  ]);
});
