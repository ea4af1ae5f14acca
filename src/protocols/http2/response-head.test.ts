import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvalidField, ServerFields, UNKNOWN } from '../response-fields.ts';
import { plainFields, responseHead, tunnelHead } from './response-head.ts';

const DATE = 'Fri, 20 Nov 2026 02:47:42 GMT';
const server = new ServerFields('vivarium', new Date(DATE));
const OURS = ['date', DATE, 'server', 'vivarium'];

const head = (status: number, fields: string[], bodyBytes = UNKNOWN, method = 'GET') =>
  responseHead(method, status, fields, bodyBytes, server);

test('what a connection of HTTP/1.1 is told is dropped', () => {
  const hopByHop = ['Connection', 'close', 'Transfer-Encoding', 'chunked', 'Keep-Alive', '1', 'Upgrade', 'x'];
  hopByHop.push('TE', 'gzip', 'HTTP2-Settings', 'x', 'Proxy-Connection', 'close');
  const { list } = head(200, ['X-A', 'b', ...hopByHop, 'X-A', 'c']);
  assert.deepEqual(list, [':status', '200', 'X-A', 'b', 'X-A', 'c', ...OURS]);
});

test('Date and Server of the application stay', () => {
  const own = ['Date', 'x', 'server', 'y'];
  assert.deepEqual(head(200, own).list, [':status', '200', ...own]);
});

test('lengths', () => {
  const cases: [string, number, string[], number, string, string | null, boolean][] = [
    ['known', 200, [], 5, 'GET', '5', true],
    ['unknown', 200, [], UNKNOWN, 'GET', null, true],
    ['declared', 200, ['Content-Length', '7'], UNKNOWN, 'GET', '7', true],
    ['HEAD, as GET would have it', 200, [], 5, 'HEAD', '5', false],
    ['HEAD, declared', 200, ['content-length', '7'], 0, 'HEAD', '7', false],
    ['204 has none', 204, ['content-length', '7'], 5, 'GET', null, false],
    ['205 has none', 205, [], 5, 'GET', null, false],
    ['304 tells that of 200', 304, ['content-length', '7'], 0, 'GET', '7', false],
    ['304', 304, [], 0, 'GET', null, false],
  ];
  for (const [what, status, fields, bytes, method, length, hasBody] of cases) {
    const { list, hasBody: found } = head(status, fields, bytes, method);
    const at = list.indexOf('content-length');
    assert.equal(at < 0 ? null : list[at + 1], length, what);
    assert.equal(found, hasBody, what);
  }
});

test('what must not be sent', () => {
  for (const [status, fields] of [
    [199, []],
    [600, []],
    [200, ['', 'a']],
    [200, [':status', '201']],
    [200, ['a b', 'c']],
    [200, ['a', 'b\0c']],
    [200, ['a', 'b\r\nc: d']],
    [200, ['content-length', 'x']],
    [200, ['content-length', '1', 'Content-Length', '2']],
  ] as [number, string[]][])
    assert.throws(() => head(status, fields), InvalidField, `${status} ${fields}`);
});

test('an interim answer has its own fields alone', () => {
  const fields = [
    'Link',
    '</a>',
    'Connection',
    'close',
    'link',
    '</b>',
    'Content-Length',
    '1',
    'TE',
    'x',
    'X',
    'a\0b',
  ];
  assert.deepEqual(plainFields(fields), { link: ['</a>', '</b>'] });
});

test('the head that opens a tunnel has no length, and nothing of the handshake of HTTP/1.1', () => {
  const handshake = ['Connection', 'Upgrade', 'Upgrade', 'websocket', 'Sec-WebSocket-Accept', 'x'];
  const fields = [...handshake, 'Content-Length', '0', 'Sec-WebSocket-Protocol', 'chat'];
  assert.deepEqual(tunnelHead(fields, server), [':status', '200', 'Sec-WebSocket-Protocol', 'chat', ...OURS]);
});
