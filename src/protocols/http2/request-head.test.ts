import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Refusal } from '../http1/refusal.ts';
import type { HeadLimits } from '../http1/request-head.ts';
import { parseRequestHead, type RequestHead } from './request-head.ts';

const LIMITS: HeadLimits = {
  limitRequestLine: 40,
  limitRequestFields: 4,
  limitRequestFieldSize: 40,
  limitRequestHead: 110,
};
const GET = [':method', 'GET', ':scheme', 'http', ':authority', 'x:80', ':path', '/'];

function head(list: string[], previous: RequestHead | null = null): RequestHead {
  const result = parseRequestHead(list, LIMITS, previous);
  assert.ok(!(result instanceof Refusal), `${list}: ${(result as Refusal).why}`);
  return result;
}

function refusal(list: string[]): string {
  const result = parseRequestHead(list, LIMITS, null);
  assert.ok(result instanceof Refusal, `${list} was accepted`);
  return `${result.status} ${result.why}`;
}

const line = (method: string, path: string): string[] => [
  ':method',
  method,
  ':path',
  path,
  ':authority',
  'x',
];
const pairs = ({ block: { fields } }: RequestHead) =>
  fields.names.map(({ lower }, i) => [lower, fields.values[i]]);

test('the parts of a head', () => {
  const list = [':method', 'POST', ':scheme', 'http', ':authority', 'x:80', ':path', '/a%20b?c'];
  const { block, ...parts } = head([...list, 'x-a', ' v\t', 'content-length', '3', 'x-b', '\xe9']);
  assert.deepEqual(parts, {
    method: 'POST',
    isWebSocket: false,
    target: '/a%20b?c',
    path: '/a%20b',
    decodedPath: '/a b',
    query: 'c',
    authority: 'x:80',
  });
  assert.deepEqual(
    block.fields.names.map(({ lower }, i) => [lower, block.fields.values[i]]),
    [
      ['host', 'x:80'],
      ['x-a', 'v'],
      ['content-length', '3'],
      ['x-b', '\xe9'],
    ],
  );
  assert.deepEqual([block.hasLength, block.length, block.expectContinue], [true, 3, false]);
});

test('the host: of :authority, of Host, or of both when they agree', () => {
  const withoutAuthority = [':method', 'GET', ':path', '/'];
  assert.equal(head([...withoutAuthority, 'host', 'a']).authority, 'a');
  assert.deepEqual(pairs(head([...GET, 'host', 'x:80'])), [['host', 'x:80']]);
  assert.equal(refusal([...GET, 'host', 'y']), '400 Host field that differs from :authority');
  assert.equal(refusal(withoutAuthority), '400 neither :authority nor Host');
  assert.equal(refusal([...withoutAuthority, 'host', 'a', 'host', 'a']), '400 more than one Host field');
  assert.equal(refusal([...withoutAuthority, 'host', 'user@a']), '400 malformed host');
  assert.equal(refusal([...withoutAuthority, ':authority', 'user@a']), '400 malformed host');
});

test('cookies are sent in crumbs and read as one', () => {
  const read = pairs(head([...GET, 'cookie', 'a=1', 'x', 'y', 'cookie', 'b=2', 'cookie', 'c=3']));
  assert.deepEqual(read, [
    ['host', 'x:80'],
    ['cookie', 'a=1; b=2; c=3'],
    ['x', 'y'],
  ]);
});

test('request lines', () => {
  for (const list of [line('OPTIONS', '*'), line('M-SEARCH', '/'), line('GET', '/\xff')]) head(list);
  assert.equal(head(line('GET', '/a#b')).path, '/a');
  for (const list of [
    line('get', '/'),
    line('G T', '/'),
    line('', '/'),
    line('GET', ''),
    line('GET', '*'),
    line('GET', 'a'),
    line('GET', 'http://y/'),
    line('GET', '/ HTTP/1.1'),
    line('GET', '/\r\nX: y'),
    line('GET', '/%00'),
    line('GET', '/\0'),
  ])
    assert.equal(refusal(list).slice(0, 3), '400', list.join(' '));
  assert.equal(refusal([':method', 'CONNECT', ':authority', 'x:1']), '405 CONNECT is not served here');
});

test('an extended CONNECT asks for a WebSocket as GET does', () => {
  const asked = [':method', 'CONNECT', ':protocol', 'websocket', ':path', '/a?b', ':authority', 'x'];
  const { method, isWebSocket, path } = head(asked);
  assert.deepEqual([method, isWebSocket, path], ['GET', true, '/a']);
  const other = asked.with(3, 'connect-udp');
  assert.equal(refusal(other), '501 a :protocol other than websocket');
  assert.equal(refusal(asked.with(1, 'GET')), '400 :protocol without CONNECT');
  assert.equal(refusal([...asked, 'content-length', '3']), '400 Content-Length with CONNECT');
  for (const field of ['upgrade', 'connection']) assert.match(refusal([...asked, field, 'h2c']), /^400 /);
});

test('fields that no request may have', () => {
  for (const [name, value] of [
    ['connection', 'close'],
    ['keep-alive', '1'],
    ['proxy-connection', 'close'],
    ['transfer-encoding', 'chunked'],
    ['upgrade', 'h2c'],
    ['http2-settings', 'x'],
    ['te', 'gzip'],
    ['X-Upper', 'a'],
    ['', 'a'],
    ['a b', 'a'],
    ['a:b', 'a'],
    ['a\r\nb', 'a'],
    ['x', 'a\0b'],
    ['x', 'a\r\nb: c'],
    ['content-length', '1, 1'],
    ['content-length', '+1'],
    ['content-length', ''],
  ] as const)
    assert.equal(refusal([...GET, name, value]).slice(0, 3), '400', `${name}: ${value}`);
  for (const name of ['content-type', 'content-length'])
    assert.equal(refusal([...GET, name, '1', name, '1']).slice(0, 3), '400', name);
  assert.equal(refusal([...GET, 'expect', 'x']), '417 unknown expectation');
  assert.equal(head([...GET, 'expect', '100-Continue', 'te', 'trailers']).block.expectContinue, true);
});

test('limits', () => {
  // GET, a space, the path, another space, HTTP/1.1: the limits of HTTP/1.1 hold.
  head(line('GET', `/${'a'.repeat(26)}`));
  assert.equal(refusal(line('GET', `/${'a'.repeat(27)}`)).slice(0, 3), '414');
  head([...GET, 'n', 'v'.repeat(35)]);
  assert.match(refusal([...GET, 'n', 'v'.repeat(36)]), /^431 field longer/);
  head([...GET, 'a', '', 'b', '', 'c', '']);
  assert.match(refusal([...GET, 'a', '', 'b', '', 'c', '', 'd', '']), /^431 more fields/);
  const third = ['n', 'v'.repeat(32)];
  head([...GET, ...third, ...third]);
  assert.match(refusal([...GET, ...third, ...third, ...third]), /^431 request head longer/);
  const crumb = ['cookie', 'v'.repeat(13)];
  head([...GET, ...crumb, ...crumb]);
  assert.match(refusal([...GET, ...crumb, ...crumb, ...crumb]), /^431 field longer/);
});

test('fields that are repeated are read once', () => {
  const first = head([...GET, 'a', 'b']);
  const second = head([...line('POST', '/c'), 'a', 'b'].with(5, 'x:80'), first);
  assert.equal(second.block, first.block);
  assert.deepEqual([second.method, second.path, second.authority], ['POST', '/c', 'x:80']);
  for (const other of [
    [...GET, 'a', 'c'],
    [...GET, 'a', 'b', 'c', 'd'],
    [...GET.with(5, 'y:80'), 'a', 'b'],
    [...GET, 'b', 'a'],
    GET,
  ])
    assert.notEqual(head(other, first).block, first.block, other.join(' '));
});
