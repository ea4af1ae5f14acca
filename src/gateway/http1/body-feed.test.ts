import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { RequestParser } from '../../protocols/http1/request-parser.ts';
import type { ListenerContext } from '../listener-context.ts';
import { BodyFeed } from './body-feed.ts';

const LIMITS = {
  limitRequestLine: 8190,
  limitRequestFields: 100,
  limitRequestFieldSize: 8190,
  limitRequestHead: 65_536,
};
const CONTEXT = {
  settings: { limitRequestBody: 0 },
  bodySpool: { memoryMax: 0, fileMax: 0, directory: '' },
} as unknown as ListenerContext;

for (const [name, head, end] of [
  ['of known length', 'Content-Length: 100000', ''],
  ['in chunks', 'Transfer-Encoding: chunked', '\r\n0\r\n\r\n'],
] as const) {
  test(`a client that was held up is heard again when its body ${name} is at its end`, () => {
    let isPaused = false;
    const socket = {
      isPaused: () => isPaused,
      resume: () => {
        isPaused = false;
      },
    } as unknown as Socket;
    const parser = new RequestParser(LIMITS);
    parser.push(Buffer.from(`POST / HTTP/1.1\r\nHost: a\r\n${head}\r\n\r\n`));
    assert.equal(parser.next(), 'head');
    const feed = new BodyFeed(socket, parser, CONTEXT, parser.head!);
    const start = end === '' ? '' : `${(100_000).toString(16)}\r\n`;
    parser.push(Buffer.from(start + 'x'.repeat(100_000) + end));
    // As the connection does when so much waits.
    isPaused = true;
    let received = 0;
    let isEnded = false;
    const read = (): void =>
      feed.body.read((error, chunk) => {
        assert.equal(error, null);
        received += chunk?.length ?? 0;
        if (chunk === null) isEnded = true;
        else read();
      });
    read();
    assert.deepEqual([received, isEnded, feed.isDone, isPaused], [100_000, true, true, false]);
  });
}
