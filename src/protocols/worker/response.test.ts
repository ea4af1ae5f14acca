import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeResponseHead } from './response.ts';

function encode(pieces: readonly string[], body = '', count = pieces.length): Buffer {
  const text = pieces.join('\0');
  const head = Buffer.alloc(6);
  head.writeUInt16LE(count, 0);
  head.writeUInt32LE(text.length, 2);
  return Buffer.concat([head, Buffer.from(text + body, 'latin1')]);
}

function complaint(pieces: readonly string[], count = pieces.length): string {
  const bytes = encode(pieces, '', count);
  const found = decodeResponseHead(bytes, 0, bytes.length);
  assert.equal(typeof found, 'string', JSON.stringify(found));
  return found as string;
}

const anyText = (least: number) =>
  fc.string({
    unit: fc
      .integer({ min: 0x20, max: 0xff })
      .filter((n) => n !== 0x7f)
      .map((n) => String.fromCharCode(n)),
    minLength: least,
  });

test('what was encoded is decoded, wherever it stands in the buffer', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 200, max: 999 }),
      anyText(0),
      fc.array(fc.tuple(anyText(1), anyText(0)), { maxLength: 10 }),
      anyText(0),
      fc.nat(20),
      (status, reason, fields, body, before) => {
        const statusLine = `${status} ${reason}`;
        const bytes = encode([statusLine, ...fields.flat()], body);
        const buffer = Buffer.concat([Buffer.alloc(before, 1), bytes, Buffer.alloc(5, 1)]);
        const head = decodeResponseHead(buffer, before, before + bytes.length);
        assert.deepEqual(head, {
          status,
          statusLine,
          fields: fields.flat(),
          bodyStart: before + bytes.length - body.length,
        });
      },
    ),
  );
});

test('any bytes are read without an exception', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      const found = decodeResponseHead(Buffer.from(bytes), 0, bytes.length);
      if (typeof found !== 'string') assert.ok(found.bodyStart <= bytes.length);
    }),
  );
});

test('a truncated head', () => {
  const bytes = encode(['200 OK', 'a', 'b']);
  for (let end = 0; end < bytes.length; end++)
    assert.equal(decodeResponseHead(bytes, 0, end), 'truncated response head');
});

test('NUL in a value would shift the fields behind it', () => {
  const words = 'a NUL character in the status line or in a header';
  assert.equal(complaint(['200 OK', 'X-A', 'b\0Set-Cookie'], 3), words);
  assert.equal(complaint(['200 OK', 'X-A', 'b\0Set-Cookie\0c'], 3), words);
  assert.equal(complaint(['200 OK\0', 'X-A', 'b'], 3), words);
  assert.equal(complaint(['200 OK', 'X-A']), words);
});

test('control characters are named with the header that they stand in', () => {
  assert.equal(complaint(['200 OK\r\nX: y']), 'a control character in the status "200 OK\\r\\nX: y"');
  assert.equal(
    complaint(['200 OK', 'X-A', '1', 'X-B', 'b\nc']),
    'a control character in the header "X-B": "b\\nc"',
  );
  assert.equal(complaint(['200 OK', 'X-A\r', '1']), 'a control character in the header "X-A\\r": "X-A\\r"');
  for (const character of ['\x01', '\x08', '\x0b', '\x1f', '\x7f']) {
    assert.match(complaint(['200 OK', 'X-A', character]), /^a control character in the header "X-A"/);
  }
});

test('a tab is no control character here', () => {
  const bytes = encode(['200 OK', 'X-A', 'b\tc']);
  assert.equal(typeof decodeResponseHead(bytes, 0, bytes.length), 'object');
});

for (const line of [
  '',
  'OK',
  '20 OK',
  '2000 OK',
  '200OK',
  '100 Continue',
  '101 Switching Protocols',
  '099 x',
  ' 200 OK',
  '2x0 OK',
]) {
  test(`status ${JSON.stringify(line)}`, () => {
    assert.equal(complaint([line]), `the malformed status ${JSON.stringify(line)}; "NNN reason" is expected`);
  });
}

test('a status without a reason', () => {
  for (const line of ['200', '200 ', '999 ?']) {
    const head = decodeResponseHead(encode([line]), 0, encode([line]).length);
    assert.equal(typeof head === 'object' && head.status, Number(line.slice(0, 3)));
  }
});
