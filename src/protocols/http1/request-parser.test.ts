import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytes, pairs, readRequests, singleBytes, summary } from '../../../test/support/read-requests.ts';
import { RequestParser } from './request-parser.ts';

const LIMITS = {
  limitRequestLine: 50,
  limitRequestFields: 5,
  limitRequestFieldSize: 62,
  limitRequestHead: 200,
};
const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';

/** Read whole, in single bytes and in pieces of three, which must not differ. */
function read(text: string) {
  const buffer = bytes(text);
  const whole = readRequests([buffer], LIMITS);
  const threes = Array.from({ length: Math.ceil(buffer.length / 3) }, (_, i) =>
    buffer.subarray(i * 3, i * 3 + 3),
  );
  assert.deepEqual(summary(readRequests(singleBytes(buffer), LIMITS)), summary(whole), JSON.stringify(text));
  assert.deepEqual(summary(readRequests(threes, LIMITS)), summary(whole), JSON.stringify(text));
  return whole;
}

function bodies(text: string): (string | number)[] {
  const { requests, end } = read(text);
  return [...requests.map((request) => request.body + (request.complete ? '' : '…')), end];
}

test('one request after another', () => {
  const post = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc';
  const chunks =
    'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n1\r\nf\r\n0\r\n\r\n';
  const last = 'GET / HTTP/1.0\r\n\r\n';
  assert.deepEqual(bodies(GET + post + chunks + GET), ['', 'abc', 'def', '', 'between-requests']);
  assert.deepEqual(bodies(post + post + last + GET), ['abc', 'abc', '', 'closed']);
  assert.deepEqual(bodies(post.slice(0, -1)), ['ab…', 'mid-request']);
  assert.deepEqual(bodies(chunks.slice(0, -2)), ['def…', 'mid-request']);
  assert.deepEqual(bodies(GET.slice(0, -1)), ['mid-request']);
  assert.deepEqual(bodies(''), ['between-requests']);
  assert.deepEqual(bodies(`${GET}GET\0`), ['', 400]);
});

test('trailers are handed out with the end of their own request', () => {
  const text = 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: 1\r\n\r\n';
  assert.deepEqual(
    read(text + GET).requests.map((request) => request.trailers),
    [[['a', '1']], []],
  );
});

test('a few empty lines before a request are forgiven', () => {
  assert.deepEqual(bodies(`${'\r\n'.repeat(4)}${GET}\r\n${GET}`), ['', '', 'between-requests']);
  assert.deepEqual(bodies('\r\n'.repeat(4)), ['between-requests']);
  assert.deepEqual(bodies('\r\n'.repeat(5)), [400]);
  assert.deepEqual(bodies(`\n${GET}`), [400]);
  assert.deepEqual(bodies(` \r\n${GET}`), [400]);
});

test('limits', () => {
  const line = (length: number) => `GET /${'a'.repeat(length - 14)} HTTP/1.1`;
  const fields = (count: number) => `Host: x\r\n${'A: 1\r\n'.repeat(count - 1)}`;
  const head = (length: number) => {
    const three = `Host: x\r\nA: ${'a'.repeat(50)}\r\nB: ${'a'.repeat(50)}\r\n`;
    return `GET / HTTP/1.1\r\n${three}C: ${'a'.repeat(length - 138)}`;
  };
  assert.equal(head(190).length, 190);
  const ends: [text: string, end: string | number][] = [
    [`${line(50)}\r\n${fields(1)}\r\n`, 'between-requests'],
    [`${line(51)}\r\n${fields(1)}\r\n`, 414],
    [line(50), 'mid-request'],
    [`${line(51)}.`, 414],
    [`${line(51)}.\0`, 414],
    [`${line(20)}\0${line(80)}`, 400],
    [`GET / HTTP/1.1\r\n${fields(5)}\r\n`, 'between-requests'],
    [`GET / HTTP/1.1\r\n${fields(6)}\r\n`, 431],
    [`${head(195)}\r\n\r\n`, 'between-requests'],
    [`${head(195)}\r\nD: 1\r\n\r\n`, 431],
    [`${head(195)}\r\nD: 12\r\n`, 431],
    [`GET / HTTP/1.1\r\nHost: x\r\nA: ${'a'.repeat(57)}\r\n\r\n`, 'between-requests'],
    [`GET / HTTP/1.1\r\nHost: x\r\nA: ${'a'.repeat(58)}\r\n\r\n`, 431],
    [`${line(60)}\r\n${'A: 1\r\n'.repeat(100)}`, 414],
    [`GET / HTTP/1.1\r\n${'A: 1\r\n'.repeat(100)}\0`, 431],
  ];
  for (const [text, end] of ends) assert.equal(read(text).end, end, JSON.stringify(text));
  const exact = { ...LIMITS, limitRequestHead: GET.length - 4 };
  assert.equal(readRequests(singleBytes(bytes(GET)), exact).end, 'between-requests');
  const less = { ...LIMITS, limitRequestHead: GET.length - 5 };
  assert.equal(readRequests(singleBytes(bytes(GET)), less).end, 431);
  assert.equal(readRequests([bytes(GET)], less).end, 431);
});

test('each refusal has its status', () => {
  const refused: Record<string, number> = {
    'GET / HTTP/1.1\r\n\r\n': 400,
    'GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n': 400,
    'GET / HTTP/1.1\r\nHost: x\r\nExpect: tea\r\n\r\n': 417,
    'GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: br, chunked\r\n\r\n': 501,
    'GET / HTTP/3.0\r\nHost: x\r\n\r\n': 505,
    'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nx': 400,
  };
  for (const [text, status] of Object.entries(refused)) assert.equal(read(text).end, status, text);
});

test('a head that cannot become right is refused before it ends', () => {
  for (const text of [
    '\x16\x03\x01\x02',
    'GET / HTTP/1.1\n',
    'GET / HTTP/1.1\r\nA: 1\n',
    'GET / \rX',
    'GET / HTTP/1.1\r\nA\r\r',
  ])
    assert.equal(read(text).end, 400, JSON.stringify(text));
});

test('after a refusal nothing follows and nothing is kept', () => {
  const parser = new RequestParser(LIMITS);
  parser.push(bytes('\0'));
  assert.equal(parser.next(), 'refused');
  const { refusal } = parser;
  parser.push(bytes(GET));
  assert.equal(parser.next(), 'refused');
  assert.equal(parser.pending, 0);
  assert.equal(parser.refusal, refusal);
});

test('pipelined requests wait in the buffer while one is answered', () => {
  const parser = new RequestParser(LIMITS);
  parser.push(bytes(GET));
  assert.equal(parser.next(), 'head');
  parser.push(bytes(GET));
  parser.push(bytes(GET));
  assert.equal(parser.pending, 2 * GET.length);
  assert.ok(parser.midRequest);
  const events = Array.from({ length: 6 }, () => parser.next());
  assert.deepEqual(events, ['end', 'head', 'end', 'head', 'end', 'need-data']);
  assert.ok(!parser.midRequest);
});

test('the bytes of a caller are neither changed nor needed after they were used', () => {
  const parser = new RequestParser(LIMITS);
  const shared = Buffer.from(`${GET.slice(0, 9)}untouched`, 'latin1');
  parser.push(shared.subarray(0, 9));
  assert.equal(parser.next(), 'need-data');
  parser.push(bytes(GET.slice(9)));
  assert.equal(parser.next(), 'head');
  assert.equal(shared.toString('latin1'), `${GET.slice(0, 9)}untouched`);
  shared.fill(0);
  assert.deepEqual(pairs(parser.head!.block.fields), [['host', 'x']]);
});

/** A call, so that the compiler does not take what it saw once for what it is for ever. */
function headOf(parser: RequestParser): unknown {
  return parser.head;
}

test('forget lets go between requests, and only there', () => {
  const parser = new RequestParser(LIMITS);
  parser.push(bytes(GET));
  assert.equal(parser.next(), 'head');
  const first = parser.head!;
  parser.forget();
  assert.equal(parser.head, first);
  assert.equal(parser.next(), 'end');
  parser.push(bytes(GET));
  assert.equal(parser.next(), 'head');
  assert.equal(parser.head!.block, first.block);
  assert.equal(parser.next(), 'end');
  parser.forget();
  assert.ok(!headOf(parser));
  parser.push(bytes(GET.slice(0, 5)));
  assert.equal(parser.next(), 'need-data');
  parser.forget();
  parser.push(bytes(GET.slice(5)));
  assert.equal(parser.next(), 'head');
  assert.notEqual(parser.head!.block, first.block);
  assert.deepEqual(pairs(parser.head!.block.fields), pairs(first.block.fields));
});
