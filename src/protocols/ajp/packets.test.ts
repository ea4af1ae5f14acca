import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cutAt } from '../../../test/support/gateway-events.ts';
import { FROM_CONTAINER, FROM_FRONT, PacketDecoder, PacketReader, packet, text, uint16 } from './packets.ts';

function decode(pieces: Iterable<Buffer>): { packets: string[]; decoder: PacketDecoder } {
  const decoder = new PacketDecoder(FROM_FRONT);
  const packets: string[] = [];
  for (const piece of pieces) {
    decoder.push(piece);
    for (let payload = decoder.next(); payload !== null; payload = decoder.next())
      packets.push(payload.latin1Slice());
    decoder.hold();
    // The next bytes are read into the same buffer.
    piece.fill(0);
  }
  return { packets, decoder };
}

const bytes = (latin1: string): Buffer => Buffer.from(latin1, 'latin1');
const reader = (latin1: string): PacketReader => new PacketReader(bytes(latin1));

test('a packet has its length behind two bytes that say who speaks', () => {
  assert.equal(packet(FROM_FRONT, '\x0a'), '\x12\x34\x00\x01\x0a');
  assert.equal(packet(FROM_CONTAINER, '\x09'), 'AB\x00\x01\x09');
  assert.equal(text('HTTP/1.1'), '\x00\x08HTTP/1.1\x00');
});

test('packets come out as they went in, however they are cut', () => {
  const payloads = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 5 });
  const shares = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 });
  fc.assert(
    fc.property(payloads, shares, (arrays, cuts) => {
      const written = arrays.map((array) => Buffer.from(array).latin1Slice());
      const whole = bytes(written.map((payload) => packet(FROM_FRONT, payload)).join(''));
      assert.deepEqual(decode(cutAt(whole, cuts)).packets, written);
      assert.deepEqual(decode(cutAt(whole, [])).packets, written);
    }),
  );
});

test('the largest packet comes in single bytes', () => {
  const payload = 'x'.repeat(65_535);
  const whole = bytes(packet(FROM_FRONT, payload));
  const pieces = Array.from(whole, (byte) => Buffer.from([byte]));
  assert.deepEqual(decode(pieces).packets, [payload]);
});

test('what does not begin as a packet of the other side is no packet, for good', () => {
  for (const start of ['GET /', packet(FROM_CONTAINER, ''), '\x34\x12\0\0']) {
    const { packets, decoder } = decode([bytes(packet(FROM_FRONT, 'a') + start)]);
    assert.deepEqual(packets, ['a']);
    assert.match(decoder.fault, /^a packet that begins with 0x/);
    decoder.push(bytes(packet(FROM_FRONT, 'b')));
    assert.equal(decoder.next(), null);
    assert.equal(decoder.pending, 0);
  }
});

test('numbers, texts and bytes are read in turn', () => {
  const all = reader(`\x02\xff\xfe${text('a\xe9')}\xff\xff\x00\x03abc`);
  assert.deepEqual(
    [all.uint8(), all.uint16(), all.text(), all.text(), all.bytes().latin1Slice(), all.left],
    [2, 0xfffe, 'a\xe9', '', 'abc', 0],
  );
  assert.equal(all.isMalformed, false);
});

test('a name is a code or written out', () => {
  const names = reader(`\xa0\x02${text('X')}\xa0\x09`);
  assert.deepEqual([names.name(['a', 'b']), names.name(['a']), names.name(['a'])], ['b', 'X', '']);
});

test('what is cut short, or not ended by a NUL, is malformed from there on', () => {
  const reads: [string, (of: PacketReader) => unknown][] = [
    ['', (of) => of.uint8()],
    ['\0', (of) => of.uint16()],
    [`${uint16(3)}ab`, (of) => of.bytes()],
    [`${uint16(2)}ab`, (of) => of.text()],
    [`${uint16(2)}abc`, (of) => of.text()],
    [`${uint16(2)}a`, (of) => of.name([])],
  ];
  for (const [payload, read] of reads) {
    const cut = reader(`${payload}`);
    read(cut);
    assert.equal(cut.isMalformed, true, JSON.stringify(payload));
    assert.deepEqual([cut.uint8(), cut.text(), cut.bytes().length], [0, '', 0]);
  }
});
