/** Request bodies that do not fit into the request's own frame. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeExchange } from '../../test/support/fake-exchange.ts';
import { type ScriptedConnection, ScriptedSite } from '../../test/support/scripted-worker.ts';
import { Spool } from '../base/spool.ts';
import type { RequestBody } from '../exchange.ts';
import { INLINE_BODY_MAX, Kind } from '../protocols/worker/frames.ts';

type Test = Parameters<typeof ScriptedSite.start>[0];

async function setUp(t: Test) {
  const site = await ScriptedSite.start(t);
  const worker = await site.addWorker(1);
  return { site, worker, channel: worker.channels[0]! };
}

/** A collected body as the gateway makes it. */
function bodyOf(content: Buffer, directory: string, memoryMax = 10_000_000): RequestBody {
  const spool = new Spool({ memoryMax, fileMax: 100_000_000, directory });
  for (let at = 0; at < content.length; at += 50_000) spool.write(content.subarray(at, at + 50_000));
  spool.end();
  return {
    size: content.length,
    get inMemory() {
      return spool.inMemory;
    },
    read: (callback) => spool.read(callback),
    discard: () => spool.discard(),
  };
}

function post(site: ScriptedSite, body: RequestBody): FakeExchange {
  const exchange = Object.assign(new FakeExchange({ method: 'POST' }), { body });
  exchange.onFinished = () => body.discard();
  site.application.handle(exchange);
  return exchange;
}

/** The body that follows a request, and what its end says. */
async function follow(channel: ScriptedConnection): Promise<{ body: string; cut: string }> {
  let body = '';
  for (;;) {
    const { kind, payload } = await channel.next();
    if (kind === Kind.requestEnd) return { body, cut: payload };
    assert.equal(kind, Kind.requestData);
    body += payload;
  }
}

function randomBytes(count: number): Buffer {
  const bytes = Buffer.alloc(count);
  for (let i = 0, n = 1; i < count; i++) bytes[i] = n = (n * 75 + 74) % 65_537;
  return bytes;
}

for (const [size, memoryMax] of [
  [INLINE_BODY_MAX, 10_000_000],
  [INLINE_BODY_MAX + 1, 10_000_000],
  [3_000_000, 10_000_000],
  [1000, 10],
  [3_000_000, 100_000],
] as const) {
  test(`a body of ${size} bytes, ${Math.min(size, memoryMax)} of them in memory`, async (t) => {
    const { site, channel } = await setUp(t);
    const content = randomBytes(size);
    const exchange = post(site, bodyOf(content, site.folder, memoryMax));
    const request = await channel.request();
    const isInline = size <= INLINE_BODY_MAX && memoryMax >= size;
    const { body, cut } = isInline ? { body: request.body, cut: '' } : await follow(channel);
    assert.equal(body === content.latin1Slice(), true);
    assert.equal(cut, '');
    channel.respond(request.id, 'thanks');
    await exchange.finished;
    assert.equal(exchange.text, 'thanks');
  });
}

for (const where of ['memory', 'a file'] as const) {
  test(`an answer before the body (in ${where}) is read ends the upload, and those who wait go on`, async (t) => {
    const { site, channel } = await setUp(t);
    // More than any socket takes at once.
    const exchange = post(
      site,
      bodyOf(randomBytes(20_000_000), site.folder, where === 'memory' ? 30_000_000 : 10),
    );
    const { id } = await channel.request();
    const next = new FakeExchange({ path: '/next' });
    site.application.handle(next);
    channel.respond(id, 'too large');
    await exchange.finished;
    const { body, cut } = await follow(channel);
    assert.ok(body.length < 20_000_000);
    assert.equal(cut, 'the request has been answered');
    const request = await channel.request();
    assert.equal(request.path, '/next');
    channel.respond(request.id, 'x');
    await next.finished;
    assert.equal(site.channel(1).closed, false);
  });

  test(`a client who leaves during the upload (from ${where}): the body is not whole`, async (t) => {
    const { site, worker, channel } = await setUp(t);
    const exchange = post(
      site,
      bodyOf(randomBytes(20_000_000), site.folder, where === 'memory' ? 30_000_000 : 10),
    );
    const { id } = await channel.request();
    exchange.leave();
    assert.equal((await follow(channel)).cut, 'the client has gone');
    assert.deepEqual(await worker.control.message(Kind.abort), { channel: 0, exchange: id });
    channel.respond(id, '');
    const next = new FakeExchange();
    site.application.handle(next);
    channel.respond((await channel.request()).id, 'x');
    await next.finished;
  });
}

test('a body that could not be stored is a 500, and never passes for whole', async (t) => {
  const { site, channel } = await setUp(t);
  const exchange = post(site, bodyOf(randomBytes(100_000), `${site.folder}/missing`, 60_000));
  const { id } = await channel.request();
  const { body, cut } = await follow(channel);
  assert.ok(body.length < 100_000);
  assert.match(cut, /ENOENT/);
  await exchange.finished;
  assert.equal(exchange.status, 500);
  assert.match(site.log[0]!, /^request-body: .*ENOENT/);
  channel.respond(id, 'ignored');
  const next = new FakeExchange();
  site.application.handle(next);
  channel.respond((await channel.request()).id, 'x');
  await next.finished;
});
