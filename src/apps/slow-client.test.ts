/** Clients slower than the worker: their answers are stored, and only when that is full the worker is held. */
import assert from 'node:assert/strict';
import { readdirSync, readlinkSync } from 'node:fs';
import { test } from 'node:test';
import { FakeExchange } from '../../test/support/fake-exchange.ts';
import {
  response,
  type ScriptedConnection,
  ScriptedSite,
  type SiteOptions,
} from '../../test/support/scripted-worker.ts';
import { frame, Kind } from '../protocols/worker/frames.ts';

const BLOCK = 'x'.repeat(40_000);

type Test = Parameters<typeof ScriptedSite.start>[0];

async function setUp(t: Test, options: SiteOptions = {}) {
  const site = await ScriptedSite.start(t, options);
  const worker = await site.addWorker(1);
  return { site, worker, channel: worker.channels[0]! };
}

/** A request whose client takes no more than the first block. */
async function askSlowly(site: ScriptedSite, channel: ScriptedConnection) {
  const exchange = new FakeExchange();
  exchange.roomBytes = 0;
  const firstBlock = new Promise<void>((resolve) => (exchange.onWrite = resolve));
  site.application.handle(exchange);
  const { id } = await channel.request();
  channel.send(response(Kind.head, id, ['200 OK']) + frame(Kind.data, id, BLOCK));
  await firstBlock;
  return { exchange, id };
}

async function askQuickly(site: ScriptedSite, channel: ScriptedConnection): Promise<void> {
  const exchange = new FakeExchange();
  site.application.handle(exchange);
  channel.respond((await channel.request()).id, 'quick');
  await exchange.finished;
  assert.equal(exchange.text, 'quick');
}

function openSpools(folder: string): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(`${folder}/spool`);
    } catch {
      return false;
    }
  }).length;
}

test('the thread goes on to its next request while the client takes its time', async (t) => {
  const { site, channel } = await setUp(t);
  const { exchange, id } = await askSlowly(site, channel);
  channel.send(frame(Kind.data, id, 'rest') + frame(Kind.end, id, ''));
  await askQuickly(site, channel);
  assert.equal(exchange.ended, false);
  exchange.drain(1_000_000);
  await exchange.finished;
  assert.equal(exchange.text, `${BLOCK}rest`);
});

test('a channel that was paused by the end of an answer is read again', async (t) => {
  const { site, channel } = await setUp(t, { spool: { memoryMax: 1000 } });
  const { exchange, id } = await askSlowly(site, channel);
  // More than may be stored, and the end, in one piece.
  channel.send(frame(Kind.data, id, 'y'.repeat(2000)) + frame(Kind.end, id, ''));
  await askQuickly(site, channel);
  exchange.drain(1_000_000);
  await exchange.finished;
  assert.equal(exchange.bodyBytesSent, 42_000);
});

test('when no more may be stored the worker is held until the client goes on', async (t) => {
  const { site, channel } = await setUp(t, { spool: { memoryMax: 1000 } });
  const { exchange, id } = await askSlowly(site, channel);
  const blocks = 200;
  for (let i = 0; i < blocks; i++) channel.send(frame(Kind.data, id, BLOCK));
  channel.send(frame(Kind.end, id, ''));
  // The socket takes far less than this; the rest waits in the worker.
  assert.ok(channel.socket.writableLength > 1_000_000);
  exchange.drain(Number.POSITIVE_INFINITY);
  await exchange.finished;
  assert.equal(exchange.bodyBytesSent, (blocks + 1) * BLOCK.length);
});

for (const leaves of [true, false]) {
  test(`a held worker is let go when ${leaves ? 'the client leaves' : 'the application fails'}`, async (t) => {
    const { site, channel } = await setUp(t, { spool: { memoryMax: 1000 } });
    const { exchange, id } = await askSlowly(site, channel);
    for (let i = 0; i < 50; i++) channel.send(frame(Kind.data, id, BLOCK));
    if (leaves) exchange.leave();
    channel.send(frame(leaves ? Kind.end : Kind.fail, id, ''));
    if (!leaves) exchange.drain(Number.POSITIVE_INFINITY);
    await exchange.finished;
    if (leaves) await askQuickly(site, channel);
  });
}

test('an answer stored in a file arrives whole, and the file is closed', async (t) => {
  const { site, channel } = await setUp(t, { spool: { memoryMax: 1000, fileMax: 100_000_000 } });
  const { exchange, id } = await askSlowly(site, channel);
  for (let i = 0; i < 50; i++) channel.send(frame(Kind.data, id, BLOCK));
  channel.send(frame(Kind.end, id, ''));
  await askQuickly(site, channel);
  assert.equal(openSpools(site.folder), 1);
  exchange.drain(Number.POSITIVE_INFINITY);
  await exchange.finished;
  assert.equal(exchange.bodyBytesSent, 51 * BLOCK.length);
  while (openSpools(site.folder) > 0) await new Promise((resolve) => setImmediate(resolve));
});

test('an answer that cannot be stored is cut, and the worker need not finish it', async (t) => {
  const { site, worker, channel } = await setUp(t, {
    spool: { memoryMax: 0, fileMax: 1000, directory: '/nowhere' },
  });
  const { exchange, id } = await askSlowly(site, channel);
  channel.send(frame(Kind.data, id, BLOCK));
  exchange.drain(0);
  await exchange.finished;
  assert.equal(exchange.outcome, 'aborted');
  assert.match(site.log[0]!, /^response-spool: .*ENOENT/);
  assert.deepEqual(await worker.control.message(Kind.abort), { channel: 0, exchange: id });
  for (let i = 0; i < 50; i++) channel.send(frame(Kind.data, id, BLOCK));
  channel.send(frame(Kind.end, id, ''));
  await askQuickly(site, channel);
});
