import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RequestFields } from '../../fields.ts';
import { Refusal } from './refusal.ts';
import { type HeadLimits, parseFieldLines, parseRequestHead, type RequestHead } from './request-head.ts';

const LIMITS: HeadLimits = {
  limitRequestLine: 40,
  limitRequestFields: 4,
  limitRequestFieldSize: 32,
  limitRequestHead: 110,
};

function parse(line: string, fields: string[], previous: RequestHead | null = null): RequestHead | Refusal {
  return parseRequestHead([line, ...fields, ''].join('\r\n'), LIMITS, previous);
}

function head(line: string, fields: string[], previous: RequestHead | null = null): RequestHead {
  const result = parse(line, fields, previous);
  assert.ok(!(result instanceof Refusal), `${line} ${fields.join('|')}: ${(result as Refusal).why}`);
  return result;
}

function status(line: string, fields: string[]): number {
  const result = parse(line, fields);
  assert.ok(result instanceof Refusal, `${line} ${fields.join('|')} was accepted`);
  return result.status;
}

test('the parts of a head', () => {
  const { block, ...line } = head('POST /a%20b?c HTTP/1.1', [
    'Host: x:80',
    'X-A:\t v \t',
    'x-a:',
    'X-B: \xe9',
  ]);
  assert.deepEqual(line, {
    method: 'POST',
    target: '/a%20b?c',
    path: '/a%20b',
    decodedPath: '/a b',
    query: 'c',
    version: 'HTTP/1.1',
    authority: 'x:80',
  });
  assert.deepEqual(
    block.fields.names.map((name) => name.lower),
    ['host', 'x-a', 'x-a', 'x-b'],
  );
  assert.deepEqual(block.fields.values, ['x:80', 'v', '', '\xe9']);
  assert.equal(block.bodyLength, 0);
});

test('the authority of an absolute target goes before the Host field', () => {
  assert.equal(head('GET http://a/ HTTP/1.1', ['Host: b']).authority, 'a');
  assert.equal(head('GET / HTTP/1.1', ['Host:']).authority, '');
});

test('request lines', () => {
  for (const line of ['GET / HTTP/1.1', 'M-SEARCH / HTTP/1.0', '!$%&*+-.^_`|~0 / HTTP/1.1'])
    head(line, ['Host: x']);
  const refused: Record<string, number> = {
    '': 400,
    GET: 400,
    'GET /': 400,
    'GET / ': 400,
    'GET  / HTTP/1.1': 400,
    'GET /  HTTP/1.1': 400,
    'GET / HTTP/1.1 ': 400,
    ' GET / HTTP/1.1': 400,
    'GET\t/ HTTP/1.1': 400,
    'get / HTTP/1.1': 400,
    'GE(T / HTTP/1.1': 400,
    'GET /a b HTTP/1.1': 400,
    'GET /\x7f HTTP/1.1': 400,
    'GET / http/1.1': 400,
    'GET / HTTP/1': 400,
    'GET / HTTP/1.10': 400,
    'GET / HTTP/1,1': 400,
    'GET / HTTP/0.9': 505,
    'GET / HTTP/1.2': 505,
    'GET / HTTP/2.0': 505,
    'PRI * HTTP/2.0': 505,
  };
  for (const [line, expected] of Object.entries(refused))
    assert.equal(status(line, ['Host: x']), expected, line);
});

test('field lines', () => {
  const refused = [
    ' X: a',
    'X : a',
    ': a',
    'X',
    'X\t: a',
    'X(: a',
    'X\xe9: a',
    'X: a\rb',
    'X: a\nb',
    'X: a\0b',
    'X: a\x7fb',
    'X: a\x1bb',
    'X: a\r\n b',
    'X: a\r\n\tb',
  ];
  for (const line of refused) {
    assert.equal(status('GET / HTTP/1.1', ['Host: x', line]), 400, JSON.stringify(line));
    assert.equal(status('GET / HTTP/1.1', [line, 'Host: x']), 400, JSON.stringify(line));
  }
});

test('Host: exactly one, except for HTTP/1.0', () => {
  assert.equal(status('GET / HTTP/1.1', []), 400);
  assert.equal(status('GET http://a/ HTTP/1.1', []), 400);
  assert.equal(head('GET / HTTP/1.0', []).authority, '');
  for (const version of ['HTTP/1.0', 'HTTP/1.1']) {
    assert.equal(status(`GET / ${version}`, ['Host: x', 'hOST: x']), 400);
    for (const bad of ['a b', 'a/b', 'a@b', 'a,b c', 'a:b', '::1', '\xa0a'])
      assert.equal(status(`GET / ${version}`, [`Host: ${bad}`]), 400, bad);
  }
});

test('Content-Type: one at most', () => {
  assert.equal(status('GET / HTTP/1.1', ['Host: x', 'Content-Type: a/b', 'content-type: a/b']), 400);
});

test('limits are inclusive', () => {
  const line = (length: number) => `GET /${'a'.repeat(length - 14)} HTTP/1.1`;
  head(line(40), ['Host: x']);
  assert.equal(status(line(41), ['Host: x']), 414);

  head('GET / HTTP/1.1', ['Host: x', `X: ${'a'.repeat(27)}`]);
  assert.equal(status('GET / HTTP/1.1', ['Host: x', `X: ${'a'.repeat(28)}`]), 431);

  head('GET / HTTP/1.1', ['Host: x', 'A: 1', 'B: 2', 'C: 3']);
  assert.equal(status('GET / HTTP/1.1', ['Host: x', 'A: 1', 'B: 2', 'C: 3', 'D: 4']), 431);

  // The head without the empty line and the line break before it.
  const fill = (length: number) => [
    'Host: x',
    'A: 26-bytes-26-bytes-26-byte',
    'B: 26-bytes-26-bytes-26-byte',
    `C: ${'a'.repeat(length - 88)}`,
  ];
  assert.equal(['GET / HTTP/1.1', ...fill(110)].join('\r\n').length, 110);
  head('GET / HTTP/1.1', fill(110));
  assert.equal(status('GET / HTTP/1.1', fill(111)), 431);
});

test('keep-alive', () => {
  const cases: [version: string, connection: string[], expected: boolean][] = [
    ['1.1', [], true],
    ['1.1', ['close'], false],
    ['1.1', ['CLOSE'], false],
    ['1.1', ['keep-alive, close'], false],
    ['1.1', ['x ,\tclose\t, y'], false],
    ['1.1', ['x', 'close'], false],
    ['1.1', ['closed', 'not close'], true],
    ['1.1', ['\xa0close'], true],
    ['1.0', [], false],
    ['1.0', ['Keep-Alive'], true],
    ['1.0', ['keep-alive', 'close'], false],
    ['1.0', ['upgrade'], false],
  ];
  for (const [version, connection, expected] of cases) {
    const fields = ['Host: x', ...connection.map((value) => `Connection: ${value}`)];
    assert.equal(head(`GET / HTTP/${version}`, fields).block.keepAlive, expected, `${version} ${connection}`);
  }
});

test('expectations', () => {
  assert.equal(head('PUT / HTTP/1.1', ['Host: x', 'Expect: 100-Continue']).block.expectContinue, true);
  assert.equal(head('PUT / HTTP/1.1', ['Host: x']).block.expectContinue, false);
  assert.equal(head('PUT / HTTP/1.0', ['Expect: 100-continue']).block.expectContinue, false);
  assert.equal(head('PUT / HTTP/1.0', ['Expect: tea']).block.expectContinue, false);
  assert.equal(status('PUT / HTTP/1.1', ['Host: x', 'Expect: tea']), 417);
  assert.equal(status('PUT / HTTP/1.1', ['Host: x', 'Expect: tea', 'Expect: 100-continue']), 417);
});

test('an equal block of fields is shared, any other is not', () => {
  const first = head('GET /a HTTP/1.1', ['Host: x', 'A: 1']);
  assert.equal(head('POST /b HTTP/1.1', ['Host: x', 'A: 1'], first).block, first.block);
  assert.notEqual(head('GET /a HTTP/1.1', ['Host: x', 'A: 2'], first).block, first.block);
  const older = head('GET /a HTTP/1.0', ['Host: x', 'A: 1'], first);
  assert.notEqual(older.block, first.block);
  assert.equal(older.block.keepAlive, false);
});

test('parseFieldLines reads trailers too', () => {
  const fields = new RequestFields();
  assert.equal(parseFieldLines('A: 1\r\nB: 2\r\n', LIMITS, fields), null);
  assert.deepEqual(fields.values, ['1', '2']);
  assert.equal(parseFieldLines('', LIMITS, fields), null);
  assert.equal(parseFieldLines('A: 1', LIMITS, fields)?.status, 400);
});
