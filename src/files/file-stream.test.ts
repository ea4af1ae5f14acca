import assert from 'node:assert/strict';
import {
  fstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { FakeExchange } from '../../test/support/fake-exchange.ts';
import type { Bytes } from '../exchange.ts';
import { streamFile } from './file-stream.ts';
import { OpenFile } from './open-file.ts';
import type { Part } from './ranges.ts';

const directory = mkdtempSync(join(tmpdir(), 'vivarium-stream-'));
after(() => rmSync(directory, { recursive: true }));
const SIZE = 1_000_000;
const CONTENT = Buffer.alloc(SIZE, (() => Buffer.from(Array.from({ length: 251 }, (_, i) => i)))());

function begin(name: string, parts: readonly Part[], lengthBytes: number, room?: number): FakeExchange {
  const path = join(directory, name);
  writeFileSync(path, CONTENT);
  const exchange = new FakeExchange();
  if (room !== undefined) exchange.roomBytes = room;
  exchange.start(200, ['Content-Length', String(lengthBytes)]);
  const fd = openSync(path, 'r');
  streamFile(exchange, new OpenFile(fd, fstatSync(fd)), parts);
  return exchange;
}

function isOpen(name: string): boolean {
  return readdirSync('/proc/self/fd').some((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(join(directory, name));
    } catch {
      return false; // The descriptor of this very listing.
    }
  });
}

async function closed(name: string): Promise<void> {
  while (isOpen(name)) await nextTurn();
}

const linux = { skip: process.platform !== 'linux' && 'descriptors are counted in /proc', timeout: 20_000 };

test('text and ranges are sent in order, and the descriptor is closed', linux, async () => {
  const parts = ['<', { start: 0, end: 600_000 }, '|', { start: 999_999, end: SIZE }, '>'];
  const exchange = begin('order', parts, 600_004);
  await exchange.finished;
  const sent = Buffer.concat(exchange.chunks);
  const expected = [
    Buffer.from('<'),
    CONTENT.subarray(0, 600_000),
    Buffer.from('|'),
    CONTENT.subarray(999_999),
  ];
  assert.ok(sent.equals(Buffer.concat([...expected, Buffer.from('>')])));
  await closed('order');
});

test('nothing to send ends at once', linux, async () => {
  const exchange = begin('nothing', [], 0);
  assert.ok(exchange.ended);
  await closed('nothing');
});

test('a client without room gets one block and, after it has drained, the next', linux, async () => {
  const exchange = begin('slow', [{ start: 0, end: SIZE }], SIZE, 1);
  const written = () =>
    new Promise<void>((resolve) => {
      exchange.onWrite = resolve;
    });
  await written();
  // Whatever is read ahead meanwhile stays here.
  for (let turn = 0; turn < 100; turn++) await nextTurn();
  assert.equal(exchange.chunks.length, 1);
  while (!exchange.ended) {
    const count: number = exchange.chunks.length;
    const next = Promise.race([written(), exchange.finished]);
    exchange.drain(1);
    await next;
    assert.ok(exchange.chunks.length <= count + 1);
  }
  assert.equal(exchange.outcome, 'complete');
  assert.ok(Buffer.concat(exchange.chunks).equals(CONTENT));
  await closed('slow');
});

test('a client that leaves, before, during and between reads', linux, async () => {
  const early = begin('early', [{ start: 0, end: SIZE }], SIZE);
  early.leave();
  await closed('early');
  assert.equal(early.chunks.length, 0);

  const midway = begin('midway', [{ start: 0, end: SIZE }], SIZE);
  midway.onWrite = () => midway.leave();
  await midway.finished;
  await closed('midway');
  assert.equal(midway.chunks.length, 1);

  const blocked = begin('blocked', [{ start: 0, end: SIZE }], SIZE, 1);
  await new Promise<void>((resolve) => {
    blocked.onWrite = resolve;
  });
  blocked.leave();
  await closed('blocked');
  assert.equal(blocked.outcome, 'client-gone');
});

test('a file that shrinks is cut off, because its length was promised', linux, async () => {
  const exchange = begin('shrinks', [{ start: 0, end: SIZE }], SIZE, 1);
  await new Promise<void>((resolve) => {
    exchange.onWrite = resolve;
  });
  truncateSync(join(directory, 'shrinks'), 300_000);
  exchange.drain(Number.POSITIVE_INFINITY);
  await exchange.finished;
  assert.equal(exchange.outcome, 'aborted');
  assert.match(exchange.aborted!, /shrank/);
  await closed('shrinks');
});

/** A socket that takes some bytes straight from the file, and then none until it has drained. */
class DirectExchange extends FakeExchange {
  readonly sendsFiles = true;
  readonly direct: number[] = [];
  roomDirectly = 0;

  sendFile(fd: number, start: number, end: number): number {
    const bytes = Buffer.alloc(Math.min(this.roomDirectly, end - start));
    readSync(fd, bytes, 0, bytes.length, start);
    this.roomDirectly -= bytes.length;
    this.direct.push(bytes.length);
    if (bytes.length > 0) this.write(bytes);
    return bytes.length;
  }

  /** The sizes of what waits for room. */
  readonly waiting: number[] = [];
  onWaiting: (() => void) | null = null;

  writeAndWait(chunk: Bytes): void {
    this.waiting.push(chunk.length);
    this.write(chunk);
    this.onWaiting?.();
  }
}

function beginDirect(name: string, content: Buffer, roomDirectly: number): DirectExchange {
  const path = join(directory, name);
  writeFileSync(path, content);
  const exchange = new DirectExchange();
  exchange.start(200, ['Content-Length', String(content.length)]);
  exchange.roomDirectly = roomDirectly;
  const fd = openSync(path, 'r');
  streamFile(exchange, new OpenFile(fd, fstatSync(fd)), [{ start: 0, end: content.length }]);
  return exchange;
}

test('while a socket is full, next to nothing of the file is in memory', linux, async () => {
  const exchange = beginDirect('full', CONTENT, 100_000);
  while (!exchange.ended) {
    const waits = exchange.waiting.length;
    for (let turn = 0; turn < 20; turn++) await nextTurn();
    assert.equal(exchange.waiting.length, waits, 'it asks for room once');
    exchange.roomDirectly = 300_000;
    exchange.onDrain!();
  }
  await exchange.finished;
  assert.deepEqual(exchange.waiting, [2048, 2048, 2048]);
  assert.ok(Buffer.concat(exchange.chunks).equals(CONTENT));
  await closed('full');
});

test('a client that takes everything at once lets others have their turn', linux, async () => {
  const content = Buffer.alloc(13 * 1024 * 1024, 'abc');
  const exchange = beginDirect('fast', content, Number.POSITIVE_INFINITY);
  let turns = 0;
  for (; !exchange.ended; turns++) await nextTurn();
  assert.ok(turns >= 3, `${turns} turns`);
  assert.ok(Buffer.concat(exchange.chunks).equals(content));
  await closed('fast');
});

test(
  'what the socket takes goes straight from the file, in the right order with what has to be read',
  linux,
  async () => {
    const path = join(directory, 'direct');
    writeFileSync(path, CONTENT);
    const exchange = new DirectExchange();
    exchange.start(200, ['Content-Length', String(SIZE + 1)]);
    const fd = openSync(path, 'r');
    // Before each block that is read the socket takes some bytes directly.
    exchange.roomDirectly = 100_000;
    exchange.onWrite = () => {
      exchange.roomDirectly ||= 70_001;
    };
    exchange.onWaiting = () => setImmediate(() => exchange.onDrain?.());
    streamFile(exchange, new OpenFile(fd, fstatSync(fd)), ['<', { start: 0, end: SIZE }]);
    await exchange.finished;
    assert.ok(Buffer.concat(exchange.chunks).equals(Buffer.concat([Buffer.from('<'), CONTENT])));
    assert.ok(exchange.direct.filter((bytes) => bytes > 0).length > 1);
    await closed('direct');
  },
);
