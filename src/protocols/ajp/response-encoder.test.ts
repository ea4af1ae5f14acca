import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Bytes } from '../../exchange.ts';
import { InvalidField } from '../response-fields.ts';
import { AjpResponseEncoder } from './response-encoder.ts';

const encoder = (packetBytes = 8192): AjpResponseEncoder => new AjpResponseEncoder(packetBytes);
const latin1 = (bytes: Bytes): string =>
  typeof bytes === 'string' ? bytes : Buffer.from(bytes).latin1Slice();
const joined = (pieces: readonly Bytes[]): string => pieces.map(latin1).join('');
const hex = (bytes: Bytes): string => Buffer.from(latin1(bytes), 'latin1').toString('hex');

test('an answer in the bytes of the specification', () => {
  const answer = encoder();
  const head = answer.head(200, 'OK', ['Content-Type', 'text/plain', 'X-A', 'b', 'content-length', '3']);
  assert.equal(
    hex(head),
    '41420029' + // A B, 41 bytes follow
      '04' + // SEND_HEADERS
      '00c8' + // 200
      '00024f4b00' + // OK
      '0003' + // fields
      'a001000a746578742f706c61696e00' + // Content-Type: text/plain
      '0003582d410000016200' + // X-A: b
      'a00300013300', // Content-Length: 3
  );
  // SEND_BODY_CHUNK: its length, the bytes, a NUL.
  assert.equal(hex(joined(answer.body('ok\n'))), '41420007' + '03' + '0003' + '6f6b0a' + '00');
  assert.equal(hex(answer.end(true)), '41420002' + '05' + '01');
  assert.equal(hex(answer.end(false)), '41420002' + '05' + '00');
});

test('a large body goes in packets that the front takes, as bytes and as text', () => {
  const body = Buffer.alloc(20_000, 'abcdefg');
  const answer = encoder();
  answer.head(200, 'OK', ['Content-Length', '20000']);
  const packets = joined(answer.body(body));
  assert.equal(joined(answer.body(body.latin1Slice())), packets);
  let read = '';
  for (let at = 0; at < packets.length; ) {
    const bytes = 4 + packets.charCodeAt(at + 2) * 256 + packets.charCodeAt(at + 3);
    assert.ok(bytes <= 8192);
    assert.equal(packets.charCodeAt(at + bytes - 1), 0);
    read += packets.slice(at + 7, at + bytes - 1);
    at += bytes;
  }
  assert.equal(read, body.latin1Slice());
  assert.equal(packets.length, 20_000 + 3 * 8);
});

test('what has no declared length is passed on piece by piece', () => {
  const flush = '\x41\x42\0\x04\x03\0\0\0';
  const stream = encoder();
  stream.head(200, 'OK', []);
  assert.ok(joined(stream.body('a')).endsWith(flush));
  const whole = encoder();
  whole.head(200, 'OK', ['Content-Length', '1']);
  assert.ok(!joined(whole.body('a')).includes(flush));
  assert.deepEqual(stream.body(''), []);
});

test('a head that the front would not take is not made', () => {
  const fields = ['Set-Cookie', 'a'.repeat(9000)];
  assert.throws(() => encoder().head(200, 'OK', fields), InvalidField);
  assert.ok(encoder(16_384).head(200, 'OK', fields).length > 9000);
  // Its length would be read as a code.
  assert.throws(() => encoder(65_536).head(200, 'OK', ['x'.repeat(0xa001), '']), InvalidField);
});
