import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  inPieces,
  RESPONSE_LIMITS,
  type ResponseReading,
  readResponse,
} from '../../../test/support/read-responses.ts';
import { ResponseParser } from './response-parser.ts';

const OK = 'HTTP/1.1 200 OK\r\n';

/** Whatever the pieces in which it comes, the reading is the same. */
function read(text: string, method = 'GET', closes = false): ResponseReading {
  const whole = readResponse(inPieces(text, text.length || 1), { method, closes });
  for (const size of [1, 2, 3, 7]) {
    const { fault: _, ...cut } = readResponse(inPieces(text, size), { method, closes });
    const { fault: __, ...expected } = whole;
    assert.deepEqual(cut, expected, `in pieces of ${size}: ${JSON.stringify(text)}`);
  }
  return whole;
}

describe('the end of an answer', () => {
  const answers: [what: string, text: string, body: string, end: string, method?: string][] = [
    ['Content-Length', `${OK}Content-Length: 5\r\n\r\nhello`, 'hello', 'kept'],
    ['no body', `${OK}Content-Length: 0\r\n\r\n`, '', 'kept'],
    ['chunks', `${OK}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`, 'hello', 'kept'],
    // A body may come nevertheless.
    ['HEAD', `${OK}Content-Length: 5\r\n\r\n`, '', 'closed', 'HEAD'],
    ['HEAD of chunks', `${OK}Transfer-Encoding: chunked\r\n\r\n`, '', 'closed', 'HEAD'],
    ['204', 'HTTP/1.1 204 No Content\r\n\r\n', '', 'kept'],
    ['304 with chunks', 'HTTP/1.1 304 No\r\nTransfer-Encoding: chunked\r\n\r\n', '', 'closed'],
    ['304', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n', '', 'kept'],
    ['no reason phrase', 'HTTP/1.1 200\r\nContent-Length: 1\r\n\r\na', 'a', 'kept'],
    ['Connection: close', `${OK}Connection: close\r\nContent-Length: 1\r\n\r\na`, 'a', 'closed'],
    ['HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na', 'a', 'closed'],
    [
      'HTTP/1.0, kept',
      'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\na',
      'a',
      'kept',
    ],
    ['a body that a 204 must not have', 'HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\n', '', 'closed'],
  ];
  for (const [what, text, body, end, method] of answers) {
    test(what, () => {
      const reading = read(text, method);
      assert.equal(reading.end, end);
      assert.equal(reading.body, body);
      assert.equal(reading.restBytes, 0);
    });
  }

  test('is that of the connection where nothing else says so', () => {
    assert.equal(read(`${OK}\r\nhello`).end, 'need-data');
    const { body, end } = read(`${OK}\r\nhello`, 'GET', true);
    assert.deepEqual({ body, end }, { body: 'hello', end: 'closed' });
  });

  test('is missed when the connection closes too early', () => {
    for (const text of [
      '',
      OK,
      `${OK}Content-Length: 6\r\n\r\nhello`,
      `${OK}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`,
    ])
      assert.equal(read(text, 'GET', true).end, 'broken', JSON.stringify(text));
  });

  test('leaves what comes behind it alone', () => {
    const { end, restBytes } = read(`${OK}Content-Length: 1\r\n\r\naHTTP/1.1 200 OK\r\n\r\n`);
    assert.deepEqual({ end, restBytes }, { end: 'kept', restBytes: 19 });
  });
});

test('interim answers come before the answer', () => {
  const { heads, body } = read(
    `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${OK}Content-Length: 1\r\n\r\na`,
  );
  assert.deepEqual(
    heads.map(({ status }) => status),
    [100, 103, 200],
  );
  assert.deepEqual(heads[1]!.fields, ['Link', '</a>']);
  assert.equal(body, 'a');
});

test('a switch of the protocol leaves the rest to the other protocol', () => {
  const { end, restBytes } = read('HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\n\r\nabc');
  assert.deepEqual({ end, restBytes }, { end: 'switched', restBytes: 3 });
});

test('fields and trailers are read as they stand', () => {
  const { heads, trailers } = read(
    `${OK}A:1\r\nb: \t2 \t\r\nA: \xe9\r\nTransfer-Encoding: Chunked\r\n\r\n0\r\nX-Sum: 1\r\n\r\n`,
  );
  assert.deepEqual(heads[0]!.fields, ['A', '1', 'b', '2', 'A', '\xe9', 'Transfer-Encoding', 'Chunked']);
  assert.deepEqual(trailers, ['X-Sum', '1']);
});

test('what could be read in two ways is refused', () => {
  const body = 'Content-Length: 5\r\n';
  const refused = [
    '\r\nHTTP/1.1 200 OK\r\n\r\n',
    ' HTTP/1.1 200 OK\r\n\r\n',
    'HTTP/2 200\r\n\r\n',
    'HTTP/1.2 200 OK\r\n\r\n',
    'HTTP/1.1 20 OK\r\n\r\n',
    'HTTP/1.1 2000 OK\r\n\r\n',
    'HTTP/1.1 099 OK\r\n\r\n',
    'HTTP/1.1 600 OK\r\n\r\n',
    'HTTP/1.1  200 OK\r\n\r\n',
    'HTTP/1.1 200 O\0K\r\n\r\n',
    'HTTP/1.1 200 OK\n\n',
    'SSH-2.0-OpenSSH_9.2\r\n',
    `${OK}${body}Content-Length: 5\r\n\r\n`,
    `${OK}${body}Content-Length: 6\r\n\r\n`,
    `${OK}${body}Transfer-Encoding: chunked\r\n\r\n`,
    `${OK}Content-Length: 5, 5\r\n\r\n`,
    `${OK}Content-Length: +5\r\n\r\n`,
    `${OK}Content-Length: 0x5\r\n\r\n`,
    `${OK}Content-Length:\r\n\r\n`,
    `${OK}Content-Length: 9999999999999999\r\n\r\n`,
    `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n`,
    `${OK}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n`,
    `${OK}Transfer-Encoding: xchunked\r\n\r\n`,
    `${OK}Transfer-Encoding: identity\r\n\r\n`,
    'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
    `${OK}A : 1\r\n\r\n`,
    `${OK} A: 1\r\n\r\n`,
    `${OK}A: 1\r\n folded\r\n\r\n`,
    `${OK}A: 1\n\r\n\r\n`,
    `${OK}A: 1\r2\r\n\r\n`,
    `${OK}A: \0\r\n\r\n`,
    `${OK}: 1\r\n\r\n`,
    `${OK}A\r\n\r\n`,
    `${OK}Transfer-Encoding: chunked\r\n\r\n5\nhello`,
    `${OK}Transfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 5\r\n\r\n`,
  ];
  for (const text of refused) {
    const { end, fault } = read(text);
    assert.equal(end, 'broken', JSON.stringify(text));
    assert.ok(fault !== null);
  }
});

test('limits', () => {
  const limits = { headMax: 60, fieldsMax: 3 };
  const ends = (text: string) => readResponse(inPieces(text, 1), { limits }).end;
  assert.equal(ends(`${OK}${'A: 1\r\n'.repeat(3)}\r\n`), 'need-data');
  assert.equal(ends(`${OK}${'A: 1\r\n'.repeat(4)}\r\n`), 'broken');
  assert.equal(ends(`${OK}A: ${'a'.repeat(38)}\r\n\r\n`), 'need-data');
  assert.equal(ends(`${OK}A: ${'a'.repeat(39)}\r\n\r\n`), 'broken');
  assert.equal(ends(`${OK}A: ${'a'.repeat(200)}`), 'broken');
  assert.equal(ends('HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(21)), 'broken');
});

test('a repeated head is not parsed again', () => {
  const text = `${OK}Content-Length: 1\r\n\r\na`;
  const [first, second] = [readTwice(text, 'GET', 'GET'), readTwice(text, 'GET', 'HEAD')];
  assert.ok(first);
  assert.ok(!second);
});

function readTwice(text: string, ...methods: [string, string]): boolean {
  const parser = new ResponseParser(RESPONSE_LIMITS);
  const heads = methods.map((method) => {
    parser.expect(method);
    parser.push(Buffer.from(text));
    parser.next();
    const { head } = parser;
    parser.takeWhole();
    parser.takeRest();
    return head;
  });
  return heads[0] === heads[1];
}

const line = fc.constantFrom(
  'HTTP/1.1 200 OK\r\n',
  'HTTP/1.0 200\r\n',
  'HTTP/1.1 103 x\r\n\r\n',
  'HTTP/1.1 204 \r\n',
  'Content-Length: 3\r\n',
  'Content-Length: 12\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Connection: close, x\r\n',
  'A: b\r\n',
  '\r\n',
  '3\r\nabc\r\n',
  '0\r\n',
  'abc',
  '\n',
  '\r',
  ' ',
  ':',
  '\0',
);

test('any bytes in any pieces are read alike', () => {
  const sizes = fc.integer({ min: 2, max: 40 });
  fc.assert(
    fc.property(
      fc.array(line, { maxLength: 12 }),
      sizes,
      fc.constantFrom('GET', 'HEAD'),
      (lines, size, method) => {
        const text = `HTTP/1.1 200 OK\r\n${lines.join('')}`;
        const options = { method, limits: { headMax: 90, fieldsMax: 4 }, closes: true };
        const [whole, cut, byByte] = [text.length, size, 1].map((bytes) => {
          const { fault: _, ...reading } = readResponse(inPieces(text, bytes), options);
          return reading;
        });
        assert.deepEqual(cut, whole);
        assert.deepEqual(byByte, whole);
      },
    ),
    { numRuns: 3000 },
  );
});

test('whatever a server sends, nothing is thrown', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const { end } = readResponse([Buffer.concat([Buffer.from('HTTP/1.1 200 OK\r\n'), bytes])], {
        closes: true,
      });
      assert.ok(end !== 'need-data');
    }),
    { numRuns: 2000 },
  );
});
