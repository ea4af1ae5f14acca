import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChunkedDecoder } from './chunked-decoder.ts';

const LIMITS = {
  limitRequestLine: 100,
  limitRequestFields: 3,
  limitRequestFieldSize: 42,
  limitRequestHead: 100,
};

interface Decoded {
  body: string;
  trailers: string[];
  /** Bytes behind the end of the body. */
  rest: number;
  end: 'end' | 'need-data' | number;
}

function decode(text: string, pieceBytes = text.length): Decoded {
  const decoder = new ChunkedDecoder(LIMITS);
  const decoded: Decoded = { body: '', trailers: [], rest: 0, end: 'need-data' };
  for (let at = 0; at < text.length; at += pieceBytes) {
    const piece = Buffer.from(text.slice(at, at + pieceBytes), 'latin1');
    for (let from = 0; from < piece.length; ) {
      const result = decoder.decode(piece, from);
      if (result === 'refused') return { ...decoded, end: decoder.refusal!.status };
      from += decoder.used;
      if (result === 'data') decoded.body += decoder.data!.latin1Slice();
      if (result === 'end') {
        const { names, values } = decoder.trailers;
        const trailers = names.map((name, i) => `${name.lower}=${values[i]}`);
        return { ...decoded, trailers, rest: text.length - at - from, end: 'end' };
      }
    }
  }
  return decoded;
}

function alike(text: string): Decoded {
  const whole = decode(text);
  for (const pieceBytes of [1, 2, 3, 7])
    assert.deepEqual(decode(text, pieceBytes), whole, `in pieces of ${pieceBytes}: ${JSON.stringify(text)}`);
  return whole;
}

test('bodies', () => {
  const bodies: Record<string, string> = {
    '0\r\n\r\n': '',
    '000\r\n\r\n': '',
    '5\r\nhello\r\n0\r\n\r\n': 'hello',
    'a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n': '01234567890123456789',
    '000000000005\r\nhello\r\n0\r\n\r\n': 'hello',
    '4\r\n\r\n\r\n\r\n0\r\n\r\n': '\r\n\r\n',
    '5;a\r\nhello\r\n0;b=c\r\n\r\n': 'hello',
    '5; a; b=c;d="e;\\" f"\r\nhello\r\n0\r\n\r\n': 'hello',
    '5;a=""\r\nhello\r\n0\r\n\r\n': 'hello',
  };
  for (const [text, body] of Object.entries(bodies))
    assert.deepEqual(alike(text), { body, trailers: [], rest: 0, end: 'end' }, JSON.stringify(text));
});

test('bytes behind the body are left alone', () => {
  assert.equal(decode('1\r\na\r\n0\r\n\r\nGET /').rest, 5);
});

test('incomplete bodies are waited for', () => {
  const text = '5;a=b\r\nhello\r\n0\r\nA: 1\r\n\r\n';
  for (let length = 1; length < text.length; length++)
    assert.equal(alike(text.slice(0, length)).end, 'need-data', JSON.stringify(text.slice(0, length)));
});

test('malformed chunks', () => {
  const malformed = [
    '\r\n',
    'g\r\n',
    ' 0\r\n',
    '0 \r\n\r\n',
    '0\t\r\n\r\n',
    '+5\r\nhello',
    '-5\r\nhello',
    '0x5\r\nhello',
    '5_0\r\n',
    '5\nhello',
    '5\r\r\nhello',
    '5\r;a\r\nhello',
    '0000000000005\r\nhello',
    'ffffffffffffffff\r\n',
    '5\r\nhello!\r\n',
    '5\r\nhello\n',
    '5\r\nhello0\r\n\r\n',
    '5\r\nhello\r0\r\n\r\n',
    '5 a\r\nhello',
    '5;\r\nhello',
    '5;;a\r\nhello',
    '5;a b\r\nhello',
    '5;a=\r\nhello',
    '5;a="b\r\nhello',
    '5;a="b"c\r\nhello',
    '5;a="\\"\r\nhello',
    '5;a=b\0\r\nhello',
    '5;a\n\r\nhello',
    '0\n\r\n',
    '0\r\n\n',
    '0\r\nA: 1\n\r\n',
    '0\r\n A: 1\r\n\r\n',
    '0\r\nA : 1\r\n\r\n',
    '0\r\nA: 1\r2\r\n\r\n',
    '0\r\nA\r\n\r\n',
  ];
  for (const text of malformed) assert.equal(alike(text).end, 400, JSON.stringify(text));
});

test('what can never become right is refused before its line ends', () => {
  for (const text of ['G', '5 ', '5\rx', '5\r\nhellox', '5\r\nhello\rx', '5;a\0']) {
    assert.equal(alike(text).end, 400, JSON.stringify(text));
  }
});

test('trailers: kept or refused', () => {
  assert.deepEqual(alike('0\r\nA: 1\r\nb:2\r\n\r\n').trailers, ['a=1', 'b=2']);
  assert.deepEqual(alike('0\r\nContent-Type: a/b\r\n\r\n').trailers, ['content-type=a/b']);
  for (const name of ['Content-Length', 'Transfer-Encoding', 'HOST', 'Cookie', 'X-Forwarded-For'])
    assert.equal(alike(`0\r\nA: 1\r\n${name}: 1\r\n\r\n`).end, 400, name);
});

test('limits', () => {
  assert.equal(alike(`0\r\nA: ${'a'.repeat(37)}\r\n\r\n`).end, 'end');
  assert.equal(alike(`0\r\nA: ${'a'.repeat(38)}\r\n\r\n`).end, 431);
  assert.equal(alike(`0\r\n${'A: 1\r\n'.repeat(3)}\r\n`).end, 'end');
  assert.equal(alike(`0\r\n${'A: 1\r\n'.repeat(4)}\r\n`).end, 431);
  assert.equal(alike(`0\r\n${'A: 1\r\n'.repeat(17)}`).end, 431);
  assert.equal(alike(`0\r\nA: ${'a'.repeat(200)}`).end, 431);
  assert.equal(alike(`1;${'a'.repeat(1020)}\r\na\r\n0\r\n\r\n`).end, 'end');
  assert.equal(alike(`1;${'a'.repeat(1021)}\r\na\r\n0\r\n\r\n`).end, 400);
  const costly = `1;${'a'.repeat(1000)}\r\na\r\n`;
  assert.equal(decode(`${costly.repeat(16)}0\r\n\r\n`).end, 'end');
  assert.equal(decode(`${costly.repeat(17)}0\r\n\r\n`).end, 400);
});
