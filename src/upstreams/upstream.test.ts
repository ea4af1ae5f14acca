import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeServer, SILENT_LOG } from '../../test/support/upstream-servers.ts';
import { policyOf } from './policies.ts';
import type { UpstreamServer } from './server.ts';
import { type QueueSettings, type Refused, type Seeker, Upstream } from './upstream.ts';

const QUEUE: QueueSettings = { queueMax: 2, queueTimeoutMs: 1_000 };

function upstreamOf(servers: UpstreamServer[], queue = QUEUE): Upstream {
  const upstream = new Upstream('api', policyOf('round-robin'), queue, SILENT_LOG);
  upstream.setServers(servers);
  return upstream;
}

/** A request that takes what it gets. */
class Asking implements Seeker {
  readonly key = '';
  readonly preferred: UpstreamServer | null;
  readonly tried: Set<UpstreamServer>;
  got: UpstreamServer | null = null;
  why: Refused | null = null;

  constructor(preferred: UpstreamServer | null = null, tried: UpstreamServer[] = []) {
    this.preferred = preferred;
    this.tried = new Set(tried);
  }

  given(server: UpstreamServer): void {
    this.got = server;
    server.busy++;
  }

  refused(why: Refused): void {
    this.why = why;
  }
}

function ask(upstream: Upstream, ...how: ConstructorParameters<typeof Asking>): Asking {
  const asking = new Asking(...how);
  upstream.acquire(asking);
  return asking;
}

test('backups get requests only while no other server can be used', () => {
  const [first, backup] = [fakeServer('first'), fakeServer('backup', { isBackup: true })];
  const upstream = upstreamOf([first, backup]);
  for (let i = 0; i < 3; i++) assert.equal(ask(upstream).got, first);
  first.state = 'disabled';
  assert.equal(ask(upstream).got, backup);
  backup.isHealthy = false;
  assert.equal(ask(upstream).why, 'none');
});

test('a server that has failed the request is not asked again', () => {
  const servers = [fakeServer('a'), fakeServer('b')];
  const upstream = upstreamOf(servers);
  assert.equal(ask(upstream, null, [servers[0]!]).got, servers[1]);
  assert.equal(ask(upstream, null, servers).why, 'none');
});

test('requests wait, first come first served, for a server with room', () => {
  const server = fakeServer('a', { connectionsMax: 1 });
  const upstream = upstreamOf([server]);
  const [first, second, third, fourth] = [1, 2, 3, 4].map(() => ask(upstream));
  assert.equal(first!.got, server);
  assert.equal(second!.got, null);
  assert.equal(fourth!.why, 'full');
  assert.equal(upstream.queued, 2);
  upstream.forget(second!);
  server.release();
  assert.equal(third!.got, server);
  assert.equal(second!.got, null);
});

test('they do not wait for ever', () => {
  const server = fakeServer('a', { connectionsMax: 1 });
  const upstream = upstreamOf([server]);
  ask(upstream);
  const waiting = ask(upstream);
  const since = upstream.waitingSince!;
  upstream.check(since + 999);
  assert.equal(waiting.why, null);
  upstream.check(since + 1_001);
  assert.equal(waiting.why, 'waited');
});

test('backups are not for load', () => {
  const first = fakeServer('first', { connectionsMax: 1 });
  const upstream = upstreamOf([first, fakeServer('backup', { isBackup: true })]);
  ask(upstream);
  assert.equal(ask(upstream).got, null);
  assert.equal(upstream.queued, 1);
});

test('a server that drains keeps its clients and gets no others', () => {
  const [draining, other] = [fakeServer('draining'), fakeServer('other')];
  const upstream = upstreamOf([draining, other]);
  draining.state = 'draining';
  for (let i = 0; i < 3; i++) assert.equal(ask(upstream).got, other);
  assert.equal(ask(upstream, draining).got, draining);
  draining.state = 'disabled';
  assert.equal(ask(upstream, draining).got, other);
});

test('failures take a server out, unless it stands alone', () => {
  const [a, b] = [fakeServer('a'), fakeServer('b')];
  const upstream = upstreamOf([a, b]);
  upstream.report(a, true);
  for (let i = 0; i < 3; i++) assert.equal(ask(upstream).got, b);
  const alone = fakeServer('alone');
  const single = upstreamOf([alone]);
  for (let i = 0; i < 3; i++) {
    single.report(alone, true);
    assert.equal(ask(single).got, alone);
  }
});

test('servers that are no more in it get nothing', () => {
  const [a, b] = [fakeServer('a'), fakeServer('b')];
  const upstream = upstreamOf([a]);
  upstream.setServers([b]);
  assert.equal(ask(upstream).got, b);
  assert.equal(ask(upstream, a).got, b);
  upstream.setServers([]);
  assert.equal(ask(upstream).why, 'none');
});
