/** Workers that are recalled from, lost, drained, or break the protocol: no request is run twice, none is forgotten. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeExchange } from '../../test/support/fake-exchange.ts';
import {
  response,
  type ScriptedConnection,
  ScriptedSite,
  type ScriptedWorker,
} from '../../test/support/scripted-worker.ts';
import { frame, Kind, u32 } from '../protocols/worker/frames.ts';
import { Assignment } from './assignment.ts';

/** Gives a request to a channel, past the scheduler, so that several wait there. */
function give(site: ScriptedSite, worker: number, ...paths: readonly string[]): FakeExchange[] {
  return paths.map((path) => {
    const exchange = new FakeExchange({ path });
    new Assignment(site.application, exchange).sendTo(site.channel(worker));
    return exchange;
  });
}

function ask(site: ScriptedSite, path: string): FakeExchange {
  const exchange = new FakeExchange({ path });
  site.application.handle(exchange);
  return exchange;
}

/** Answers this many requests and returns their paths. */
async function serve(channel: ScriptedConnection, count: number): Promise<string[]> {
  const paths: string[] = [];
  for (let i = 0; i < count; i++) {
    const { id, path } = await channel.request();
    paths.push(path);
    channel.respond(id, path);
  }
  return paths;
}

async function receive(channel: ScriptedConnection, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await channel.request();
}

async function oneBusyWorker(t: Parameters<typeof ScriptedSite.start>[0]) {
  const site = await ScriptedSite.start(t);
  const first = await site.addWorker(1);
  const exchanges = give(site, 1, '/a', '/b', '/c', '/d');
  await receive(first.channels[0]!, 4);
  return { site, first, exchanges };
}

async function recalled(worker: ScriptedWorker, started: number): Promise<void> {
  const { channel, through } = await worker.control.message(Kind.recall);
  worker.say(Kind.recalled, { channel, through, started });
}

test('a request that runs for long: those behind it go to another worker, in order', async (t) => {
  const { site, first, exchanges } = await oneBusyWorker(t);
  site.worker(1).recall(site.channel(1));
  assert.deepEqual(await first.control.message(Kind.recall), { channel: 0, after: 0, through: 4 });
  const second = await site.addWorker(2);
  first.say(Kind.recalled, { channel: 0, through: 4, started: 1 });
  assert.deepEqual(await serve(second.channels[0]!, 3), ['/b', '/c', '/d']);
  assert.equal(site.worker(1).load, 1);
  assert.equal(site.channel(1).closed, true);
  first.channels[0]!.respond(1, 'late');
  await Promise.all(exchanges.map((exchange) => exchange.finished));
  assert.equal(exchanges[0]!.text, 'late');
  assert.equal(site.channel(1).closed, false);
  assert.equal(site.worker(1).load + site.worker(2).load, 0);
});

test('the watch recalls by itself', async (t) => {
  const site = await ScriptedSite.start(t);
  const worker = await site.addWorker(1);
  ask(site, '/');
  assert.deepEqual(await worker.control.message(Kind.recall), { channel: 0, after: 0, through: 1 });
});

test('nothing is queued behind a path that was slow lately, until it turns out fast', async (t) => {
  const site = await ScriptedSite.start(t, { threads: 2 });
  const worker = await site.addWorker(1);
  const [first, second] = worker.channels;
  // Fast enough for batches: 32 requests took 320 µs.
  first!.send(frame(Kind.timings, 0, u32(32) + u32(320) + u32(320)).repeat(20));
  const slow = ask(site, '/slow');
  const { id } = await first!.request();
  await recalled(worker, id);
  first!.respond(id, 'late');
  await slow.finished;

  ask(site, '/slow');
  await first!.request();
  assert.deepEqual([site.channel(1, 0).closed, site.channel(1, 1).closed], [true, false]);
  const others = [ask(site, '/fast'), ask(site, '/fast')];
  assert.deepEqual(await serve(second!, 2), ['/fast', '/fast']);
  await Promise.all(others.map((other) => other.finished));
});

test('a channel whose requests are all recalled is open again, also when all their clients have gone', async (t) => {
  const { site, first, exchanges } = await oneBusyWorker(t);
  site.worker(1).recall(site.channel(1));
  for (const exchange of exchanges) exchange.leave();
  ask(site, '/next');
  await recalled(first, 0);
  assert.deepEqual(await serve(first.channels[0]!, 1), ['/next']);
});

test('answers that were on their way when the recall came are not asked for again', async (t) => {
  const { site, first, exchanges } = await oneBusyWorker(t);
  site.worker(1).recall(site.channel(1));
  for (const id of [1, 2, 3]) first.channels[0]!.respond(id, String(id));
  await exchanges[2]!.finished;
  const [next] = give(site, 1, '/next');
  await recalled(first, 3);
  // 4 was taken back, 5 came after the recall and stays.
  assert.deepEqual(await serve(first.channels[0]!, 1), ['/next']);
  await next!.finished;
  assert.deepEqual(await serve(first.channels[0]!, 1), ['/d']);
  await exchanges[3]!.finished;
});

test('an answer overtakes the word that those before it were recalled', async (t) => {
  const { site, first, exchanges } = await oneBusyWorker(t);
  site.worker(1).recall(site.channel(1));
  await first.control.message(Kind.recall);
  const [next] = give(site, 1, '/next');
  const channel = first.channels[0]!;
  await receive(channel, 1);
  channel.respond(1, 'a');
  channel.respond(5, 'next');
  await next!.finished;
  assert.deepEqual(await serve(channel, 3), ['/b', '/c', '/d']);
  first.say(Kind.recalled, { channel: 0, through: 4, started: 1 });
  await Promise.all(exchanges.map((exchange) => exchange.finished));
  assert.deepEqual([next!.text, site.worker(1).load], ['next', 0]);
});

test('a lost worker: what it had started gets 502, the rest goes to another', async (t) => {
  const { site, first, exchanges } = await oneBusyWorker(t);
  const second = await site.addWorker(2);
  first.channels[0]!.respond(1, 'done');
  await exchanges[0]!.finished;
  first.started(2);
  first.die();
  assert.deepEqual(await serve(second.channels[0]!, 2), ['/c', '/d']);
  await Promise.all(exchanges.map((exchange) => exchange.finished));
  assert.deepEqual(
    exchanges.map((exchange) => exchange.status),
    [200, 502, 200, 200],
  );
  site.application.exited(1, 'was killed by SIGKILL');
  assert.match(
    site.log[0]!,
    /^request-lost: .*GET \/b .*: worker 1 \(pid 1001\), which ran it, was killed by SIGKILL$/,
  );
  assert.equal(site.log.length, 1);
});

test('a gateway that ends does not wait for the cause of death', async (t) => {
  const { site, first, exchanges } = await oneBusyWorker(t);
  first.die();
  await Promise.all(exchanges.map((exchange) => exchange.finished));
  site.application.close();
  assert.equal(site.log.length, exchanges.length);
  for (const line of site.log) assert.match(line, /^request-lost: .*worker 1 .* has closed its connection$/);
});

test('the cause of death may be known first, and what the worker had sent still counts', async (t) => {
  const { site, first, exchanges } = await oneBusyWorker(t);
  first.started(2);
  site.application.exited(1, 'exited with status 1');
  first.channels[0]!.respond(1, 'done');
  await exchanges[0]!.finished;
  first.die();
  await exchanges[1]!.finished;
  assert.equal(exchanges[1]!.status, 502);
  assert.match(site.log[0]!, /exited with status 1$/);
  const second = await site.addWorker(2);
  assert.deepEqual(await serve(second.channels[0]!, 2), ['/c', '/d']);
});

test('a worker without a ledger: nobody knows what it ran, so nothing is run again', async (t) => {
  const { first, exchanges } = await oneBusyWorker(t);
  first.die();
  await Promise.all(exchanges.map((exchange) => exchange.finished));
  assert.deepEqual(new Set(exchanges.map((exchange) => exchange.status)), new Set([502]));
});

test('a channel that is dialled again goes on counting', async (t) => {
  const { site, first, exchanges } = await oneBusyWorker(t);
  first.started(4);
  first.channels[0]!.socket.destroy();
  await exchanges[3]!.finished;
  const { worker, token } = first.identity;
  const { ScriptedConnection } = await import('../../test/support/scripted-worker.ts');
  const again = new ScriptedConnection(site.socketPath, { worker, token, pid: 77, channel: 0 });
  const exchange = ask(site, '/next');
  const { id } = await again.request();
  assert.equal(id, 5);
  // A channel may be there before the control connection: it says itself which process it is.
  assert.equal(exchange.workerPid, 77);
  again.respond(id, 'x');
  await exchange.finished;
});

test('each gateway begins to count somewhere else', async (t) => {
  const site = await ScriptedSite.start(t, { firstId: 2 ** 28 - 1 });
  const [first, second] = [await site.addWorker(1), await site.addWorker(2)];
  const exchange = ask(site, '/a');
  assert.equal((await first.channels[0]!.request()).id, 2 ** 28 - 1);
  // Its ledger still says that nothing was started.
  first.started(0);
  first.die();
  const { id } = await second.channels[0]!.request();
  second.channels[0]!.respond(id, 'a');
  await exchange.finished;
  assert.equal(exchange.status, 200);
  const others = [
    await ScriptedSite.start(t, { firstId: null }),
    await ScriptedSite.start(t, { firstId: null }),
  ];
  assert.notEqual(others[0]!.application.firstId, others[1]!.application.firstId);
});

const OF_CHANNEL: readonly (readonly [string, string, RegExp])[] = [
  ['an answer to nothing', frame(Kind.end, 9, ''), /^a frame of kind 19 for request 9; its oldest is 1$/],
  ['an answer out of turn', frame(Kind.fail, 2, ''), /^a frame of kind 20 for request 2; its oldest is 1$/],
  ['a body without a head', frame(Kind.data, 1, 'x'), /^a body without a head$/],
  ['an end without a head', frame(Kind.end, 1, ''), /^the end of a body without a head$/],
  ['two heads', response(Kind.head, 1, ['200 OK']).repeat(2), /^a second head for one request$/],
  [
    'a whole answer after a head',
    response(Kind.head, 1, ['200 OK']) + response(Kind.response, 1, ['200 OK']),
    /^a second head/,
  ],
  ['an unknown kind', frame(99, 1, ''), /^a frame of the unknown kind 99$/],
  [
    'a frame too large',
    '\xff\xff\xff\x7f\x01\0\0\0\x10',
    /^frame of 2147483647 bytes; at most 1048576 are allowed$/,
  ],
];

for (const [name, bytes, why] of OF_CHANNEL) {
  test(`broken: ${name}`, async (t) => {
    const { site, first, exchanges } = await oneBusyWorker(t);
    first.started(4);
    first.channels[0]!.send(bytes);
    await Promise.all(exchanges.map((exchange) => exchange.finished));
    assert.equal(site.events.length, 2);
    assert.match(site.events[1]!.slice('broken 1: '.length), why);
    await Promise.all([first.control.closed, first.channels[0]!.closed]);
    assert.equal(site.worker(1).load, 0);
  });
}

for (const [name, bytes] of [
  ['no JSON', frame(Kind.ready, 0, '{')],
  ['no object', frame(Kind.ready, 0, '1')],
  ['an unknown kind', frame(99, 0, '{}')],
  ['a failure without a traceback', frame(Kind.failed, 0, '{}')],
  ['metrics that are no list', frame(Kind.metrics, 0, '{"metrics":1}')],
  ['a recall without numbers', frame(Kind.recalled, 0, '{"channel":0,"started":"1","through":null}')],
] as const) {
  test(`broken: ${name} on the control connection`, async (t) => {
    const site = await ScriptedSite.start(t);
    const worker = await site.addWorker(1);
    worker.control.send(bytes);
    await Promise.all([worker.control.closed, worker.channels[0]!.closed]);
    assert.match(site.events[1]!, /^broken 1: a malformed control message of kind \d+$/);
  });
}

test('a worker that wants to know is told when the gateway got each request', async (t) => {
  const site = await ScriptedSite.start(t);
  const worker = await site.addWorker(1);
  const [channel] = worker.channels;
  give(site, 1, '/plain');
  assert.equal((await channel!.request()).path, '/plain');
  worker.say(Kind.ready, { threads: 1, times: true });
  // Handled in the order in which they came.
  worker.say(Kind.failed, { traceback: 'x' });
  await site.event('failed 1: x');
  const [exchange] = give(site, 1, '/timed');
  const { kind, id, payload } = await channel!.next();
  assert.deepEqual([kind, id], [Kind.times, 2]);
  const times = Buffer.from(payload, 'latin1');
  assert.equal(times.readDoubleLE(0), exchange!.startedAtMs / 1000);
  const queuedAtMs = times.readDoubleLE(8) * 1000;
  assert.ok(queuedAtMs > performance.timeOrigin && queuedAtMs < performance.timeOrigin + performance.now());
  assert.equal((await channel!.request()).path, '/timed');
});

test('what an application counts is kept, also when its worker has ended', async (t) => {
  const site = await ScriptedSite.start(t);
  const worker = await site.addWorker(1);
  const known = site.worker(1);
  const metric = { name: 'orders', type: 'counter', help: '', labels: [], aggregate: 'sum', buckets: null };
  worker.say(Kind.metrics, { metrics: [{ ...metric, samples: [[[], 5]] }] });
  worker.say(Kind.stopping, {});
  await site.event('stopping 1');
  worker.die();
  assert.deepEqual([...known.metrics.all.get('orders')!.samples.values()], [{ labels: [], value: 5 }]);
});

test('a recall of a channel that does not exist is passed over', async (t) => {
  const site = await ScriptedSite.start(t);
  const worker = await site.addWorker(1);
  for (const channel of [-1, 1.5, 7]) worker.say(Kind.recalled, { channel, started: 0, through: 9 });
  worker.say(Kind.failed, { traceback: 'x' });
  await site.event('failed 1: x');
});

test('drain: what runs is finished, what waits goes to the new worker, then it is reported once', async (t) => {
  const { site, first, exchanges } = await oneBusyWorker(t);
  const second = await site.addWorker(2);
  site.application.switch([2], [1]);
  await recalled(first, 1);
  assert.deepEqual(await serve(second.channels[0]!, 3), ['/b', '/c', '/d']);
  assert.equal(site.events.includes('drained 1'), false);
  first.channels[0]!.respond(1, 'x');
  await exchanges[0]!.finished;
  await site.event('drained 1');
  ask(site, '/next');
  assert.equal((await second.channels[0]!.request()).path, '/next');
  first.say(Kind.stopping, {});
  await first.channels[0]!.closed;
  assert.equal(site.events.filter((event) => event === 'drained 1').length, 1);
});

test('a worker that is stopped by somebody else is let go', async (t) => {
  const { site, first, exchanges } = await oneBusyWorker(t);
  first.say(Kind.stopping, {});
  await site.event('stopping 1');
  await recalled(first, 1);
  first.channels[0]!.respond(1, 'x');
  await first.channels[0]!.closed;
  assert.equal(exchanges[0]!.text, 'x');
  const second = await site.addWorker(2);
  assert.deepEqual(await serve(second.channels[0]!, 3), ['/b', '/c', '/d']);
});

test('a client that has gone: its request is not run if it has not been begun', async (t) => {
  const { site, first, exchanges } = await oneBusyWorker(t);
  exchanges[2]!.leave();
  assert.deepEqual(await first.control.message(Kind.abort), { channel: 0, exchange: 3 });
  const channel = first.channels[0]!;
  channel.respond(1, 'a');
  channel.respond(2, 'b');
  // The answer to a later request overtakes the word of it.
  channel.respond(4, 'd');
  await exchanges[3]!.finished;
  first.say(Kind.recalled, { channel: 0, through: 3, started: 2 });
  const [next] = give(site, 1, '/next');
  assert.deepEqual(await serve(channel, 1), ['/next']);
  await next!.finished;
  assert.deepEqual([site.worker(1).load, site.events], [0, ['ready 1']]);
});

test('a control connection that was lost: what was asked on it is asked again', async (t) => {
  const { site, first, exchanges } = await oneBusyWorker(t);
  site.worker(1).recall(site.channel(1));
  exchanges[0]!.leave();
  await first.control.message(Kind.abort);
  first.control.socket.destroy();
  await first.dialControlAgain();
  assert.deepEqual(await first.control.message(Kind.abort), { channel: 0, exchange: 1 });
  assert.deepEqual(await first.control.message(Kind.recall), { channel: 0, after: 0, through: 4 });
});
