import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Configuration } from '../config/configuration.ts';
import type { CachePurge, PurgeReport, UpstreamChange } from '../control/messages.ts';
import { createLog } from '../telemetry/log.ts';
import type { ReloadOutcome } from './pool/reloads.ts';
import { STOPPING } from './pool/reloads.ts';
import type { Listening, ServerSocket } from './resources/socket-set.ts';
import { type OneStack, type Sockets, StackSet } from './stack-set.ts';
import { StartupError } from './startup-error.ts';
import { UpstreamChanges } from './upstream-changes.ts';

const OK: ReloadOutcome = { ok: true, detail: '' };
const FAILED: ReloadOutcome = { ok: false, why: 'worker 3 failed', traceback: 'Traceback' };

/** Keeps what is done to it; a test says what becomes of it. */
class FakeStack implements OneStack {
  readonly configuration: Configuration;
  readonly done: string[] = [];
  readonly wholeness = Promise.withResolvers<ReloadOutcome>();
  readonly acceptance = Promise.withResolvers<ReloadOutcome>();
  readonly ended = Promise.withResolvers<void>();

  constructor(configuration: Configuration) {
    this.configuration = configuration;
  }

  readonly sizes = new Map();
  start(accepts: boolean): void {
    this.done.push(`start ${accepts}`);
  }

  whole(): Promise<ReloadOutcome> {
    return this.wholeness.promise;
  }

  accept(): Promise<ReloadOutcome> {
    this.done.push('accept');
    return this.acceptance.promise;
  }

  announceStop(): void {
    this.done.push('announce stop');
  }

  stop(lingerMs: number): Promise<void> {
    this.done.push(`stop ${lingerMs}`);
    this.wholeness.resolve(STOPPING);
    this.acceptance.resolve(STOPPING);
    return this.ended.promise;
  }

  terminate(): void {
    this.done.push('terminate');
  }

  kill(): void {
    this.done.push('kill');
  }

  requests(): Promise<null> {
    return Promise.resolve(null);
  }

  renewTls(): void {}
  showChallenges(): void {}

  async purge({ value }: CachePurge): Promise<PurgeReport> {
    this.done.push(`purge ${value}`);
    return { purged: 2, caches: 1 };
  }

  readonly upstreamChanges = new UpstreamChanges();

  async upstreams(change: UpstreamChange | null): Promise<null> {
    if (change !== null) this.upstreamChanges.add(change);
    return null;
  }

  inheritUpstreamChanges(changes: Iterable<UpstreamChange>): void {
    for (const change of changes) this.upstreamChanges.add(change);
  }

  reopenLogs(): void {
    this.done.push('reopen');
  }
}

class FakeSockets implements Sockets {
  kept: string[] = [];
  opened: Promise<readonly ServerSocket[]> = Promise.resolve([]);

  open(): Promise<readonly ServerSocket[]> {
    return this.opened;
  }

  keepOnly({ listen }: Listening): void {
    this.kept.push(JSON.stringify(listen));
  }

  close(): void {
    this.kept.push('[]');
  }
}

function configure(listen: string): Configuration {
  return {
    listen: [listen],
    http: { keepAliveTimeoutMs: 3000 },
    gracefulTimeoutMs: 4000,
  } as unknown as Configuration;
}

function surroundings() {
  const lines: string[] = [];
  const made: FakeStack[] = [];
  const sockets = new FakeSockets();
  const first = new FakeStack(configure('old'));
  const make = (configuration: Configuration) => {
    made.push(new FakeStack(configuration));
    return made.at(-1)!;
  };
  const log = createLog('test', 'debug', (line) => lines.push(line));
  return { lines, made, sockets, first, set: new StackSet(make, first, sockets, log) };
}

/** Lets promises that are settled have their effect. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

test('the new stack takes over when it is whole and accepts; the old one finishes its requests', async () => {
  const { set, first, made, sockets, lines } = surroundings();
  const outcome = set.replace(configure('new'));
  await settle();
  const [next] = made;
  assert.deepEqual(next!.done, ['start false']);
  next!.wholeness.resolve(OK);
  await settle();
  assert.deepEqual([next!.done, first.done], [['start false', 'accept'], []]);
  assert.equal(set.current, first);
  next!.acceptance.resolve(OK);
  assert.equal((await outcome).ok, true);
  assert.equal(set.current, next);
  // Half of graceful-timeout is left for the request that comes at the last moment.
  assert.deepEqual(first.done, ['stop 2000']);
  assert.deepEqual(sockets.kept, ['["new"]']);
  assert.match(lines.at(-1)!, /reload-finished/);
});

for (const [what, happens] of [
  ['is not whole', (next: FakeStack) => next.wholeness.resolve(FAILED)],
  [
    'does not accept',
    (next: FakeStack) => {
      next.wholeness.resolve(OK);
      next.acceptance.resolve(FAILED);
    },
  ],
] as const) {
  test(`a stack that ${what} is stopped, and the old one is not touched`, async () => {
    const { set, first, made, sockets, lines } = surroundings();
    const outcome = set.replace(configure('new'));
    await settle();
    happens(made[0]!);
    assert.deepEqual(await outcome, FAILED);
    assert.equal(made[0]!.done.at(-1), 'stop 0');
    assert.deepEqual([set.current, first.done, sockets.kept], [first, [], ['["old"]']]);
    assert.match(lines.at(-1)!, /reload-failed: worker 3 failed\. Everything goes on/);
  });
}

test('sockets that cannot be opened end the reload before anything is started', async () => {
  const { set, made, sockets } = surroundings();
  sockets.opened = Promise.reject(new StartupError('cannot listen on :80'));
  const outcome = await set.replace(configure('new'));
  assert.deepEqual(outcome, { ok: false, why: 'cannot listen on :80', traceback: null });
  assert.equal(made.length, 0);
});

test('a stop while sockets are opened: no stack is started, and the sockets are closed', async () => {
  const { set, first, made, sockets } = surroundings();
  const opening = Promise.withResolvers<readonly ServerSocket[]>();
  sockets.opened = opening.promise;
  const outcome = set.replace(configure('new'));
  const stopped = set.stop();
  opening.resolve([]);
  assert.deepEqual(await outcome, STOPPING);
  assert.deepEqual([made.length, sockets.kept], [0, ['[]', '[]']]);
  first.ended.resolve();
  await stopped;
});

test('a stop while a stack is started stops both, and waits for both; no other is started', async () => {
  const { set, first, made } = surroundings();
  const outcome = set.replace(configure('new'));
  await settle();
  let hasStopped = false;
  const stopped = set.stop().then(() => (hasStopped = true));
  assert.deepEqual(await outcome, STOPPING);
  assert.equal(set.current, first);
  set.terminate();
  set.kill();
  for (const stack of [first, made[0]!]) assert.deepEqual(stack.done.slice(-2), ['terminate', 'kill']);
  first.ended.resolve();
  await settle();
  assert.equal(hasStopped, false);
  made[0]!.ended.resolve();
  await stopped;
  assert.deepEqual(await set.replace(configure('newer')), STOPPING);
});

test('a stop, purges and logs that are opened anew, also reach stacks that finish their requests', async () => {
  const { set, first, made } = surroundings();
  const outcome = set.replace(configure('new'));
  await settle();
  made[0]!.wholeness.resolve(OK);
  made[0]!.acceptance.resolve(OK);
  await outcome;
  set.reopenLogs();
  assert.equal(first.done.at(-1), 'reopen');
  assert.deepEqual(await set.purge({ kind: 'tag', value: 'news' }), { purged: 4, caches: 1 });
  assert.equal(first.done.at(-1), 'purge news');
  void set.stop();
  assert.equal(first.done.at(-1), 'stop 0');
  first.ended.resolve();
  await settle();
  set.kill();
  // It has ended: nothing is done to it any more.
  assert.equal(first.done.at(-1), 'stop 0');
});

test('a stop that is announced gives up the reload under way, and nothing else', async () => {
  const { set, first, made, sockets } = surroundings();
  const outcome = set.replace(configure('new'));
  await settle();
  set.announceStop();
  assert.deepEqual(await outcome, STOPPING);
  assert.deepEqual(first.done, ['announce stop']);
  assert.equal(made[0]!.done[1], 'stop 0');
  assert.deepEqual(sockets.kept, ['["old"]']);
  assert.deepEqual(await set.replace(configure('newer')), STOPPING);
  assert.equal(made.length, 1);
});

test('a stop that is announced while sockets are opened', async () => {
  const { set, made, sockets } = surroundings();
  const opened = Promise.withResolvers<readonly ServerSocket[]>();
  sockets.opened = opened.promise;
  const outcome = set.replace(configure('new'));
  set.announceStop();
  opened.resolve([]);
  assert.deepEqual(await outcome, STOPPING);
  assert.deepEqual([made.length, sockets.kept], [0, ['["old"]']]);
});

test('what was said of the servers of upstreams holds in the next stack, also what is said while it starts', async () => {
  const { set, made, first } = surroundings();
  const disabled: UpstreamChange = { upstream: 'api', server: 'a:1', change: { state: 'disabled' } };
  const heavy: UpstreamChange = { upstream: null, server: 'b:1', change: { weight: 5 } };
  const up: UpstreamChange = { upstream: 'api', server: 'a:1', change: { state: 'up' } };
  await set.upstreams(disabled);
  await set.upstreams(heavy);
  const outcome = set.replace(configure('new'));
  await settle();
  const [next] = made;
  assert.deepEqual([...next!.upstreamChanges], [disabled, heavy]);
  await set.upstreams(up);
  next!.wholeness.resolve(OK);
  next!.acceptance.resolve(OK);
  assert.equal((await outcome).ok, true);
  assert.deepEqual([...next!.upstreamChanges], [heavy, up]);
  assert.deepEqual([...first.upstreamChanges], [heavy, up]);
});
