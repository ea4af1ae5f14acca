import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseUpstreamAddress } from '../upstream-address.ts';
import { upstreamOf } from './upstream.ts';

test('idle connections are kept, but not to servers that serve one connection a process', () => {
  const kept = (address: string) => upstreamOf(parseUpstreamAddress(address)!).pool.keepAliveConnections;
  assert.deepEqual(['10.0.0.1:80', 'fastcgi://unix:/run/php.sock'].map(kept), [64, 0]);
});
