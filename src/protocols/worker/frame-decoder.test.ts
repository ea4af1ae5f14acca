import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FrameDecoder } from './frame-decoder.ts';
import { frame, Kind } from './frames.ts';

const WHOLE_MAX = 200;

interface Seen {
  readonly kind: number;
  readonly id: number;
  payload: string;
}

/** All frames of these pieces; neighbouring pieces of one data frame are joined again. */
function decode(pieces: readonly Buffer[]): { frames: Seen[]; violation: string | null } {
  const decoder = new FrameDecoder(WHOLE_MAX);
  const frames: Seen[] = [];
  for (const piece of pieces) {
    decoder.push(piece);
    while (decoder.next()) {
      const payload = decoder.buffer.latin1Slice(decoder.start, decoder.end);
      const last = frames.at(-1);
      if (decoder.kind === Kind.data && last?.kind === Kind.data && last.id === decoder.id)
        last.payload += payload;
      else frames.push({ kind: decoder.kind, id: decoder.id, payload });
    }
  }
  return { frames, violation: decoder.violation };
}

function cut(bytes: Buffer, at: readonly number[]): Buffer[] {
  const places = [0, ...at.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return places.slice(1).map((place, i) => bytes.subarray(places[i], place));
}

const anyCuts = fc.array(fc.nat(), { maxLength: 20 });
const anyFrame = fc.record({
  kind: fc.constantFrom(Kind.response, Kind.head, Kind.data, Kind.end, Kind.fail),
  payload: fc.uint8Array({ maxLength: WHOLE_MAX }).map((bytes) => Buffer.from(bytes).latin1Slice()),
});

test('any split of the bytes gives the same frames', () => {
  fc.assert(
    fc.property(fc.array(anyFrame, { maxLength: 12 }), anyCuts, (given, cuts) => {
      const frames = given.map((one, i) => ({ ...one, id: 0xffff_fff8 + i }));
      const bytes = Buffer.from(frames.map((one) => frame(one.kind, one.id, one.payload)).join(''), 'latin1');
      const expected = frames
        .filter((one) => one.kind !== Kind.data || one.payload !== '')
        .map(({ kind, id, payload }) => ({ kind, id: id >>> 0, payload }));
      assert.deepEqual(decode(cut(bytes, cuts)), { frames: expected, violation: null });
    }),
  );
});

test('any bytes are read without an exception, and after a violation nothing follows', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), anyCuts, (bytes, cuts) => {
      const decoder = new FrameDecoder(WHOLE_MAX);
      for (const piece of cut(Buffer.from(bytes), cuts)) {
        decoder.push(piece);
        while (decoder.next()) {
          assert.equal(decoder.violation, null);
          assert.ok(decoder.start <= decoder.end && decoder.end <= decoder.buffer.length);
        }
      }
      if (decoder.violation !== null) assert.equal(decoder.next(), false);
    }),
  );
});

test('a frame of the largest size is taken, one byte more is a violation before its payload has come', () => {
  const largest = Buffer.from(frame(Kind.response, 1, 'x'.repeat(WHOLE_MAX)), 'latin1');
  assert.equal(decode([largest]).frames[0]!.payload.length, WHOLE_MAX);
  const { frames, violation } = decode([
    Buffer.from(frame(Kind.response, 1, 'x'.repeat(WHOLE_MAX + 1)), 'latin1').subarray(0, 9),
  ]);
  assert.deepEqual(frames, []);
  assert.equal(violation, `frame of ${WHOLE_MAX + 1} bytes; at most ${WHOLE_MAX} are allowed`);
});

test('data may be as long as it likes, and is not collected', () => {
  const decoder = new FrameDecoder(WHOLE_MAX);
  decoder.push(Buffer.from(`\xff\xff\xff\xff\x01\0\0\0${String.fromCharCode(Kind.data)}`, 'latin1'));
  assert.equal(decoder.next(), false);
  for (let i = 0; i < 3; i++) {
    decoder.push(Buffer.alloc(1000));
    assert.equal(decoder.next(), true);
    assert.equal(decoder.end - decoder.start, 1000);
    assert.equal(decoder.next(), false);
  }
  assert.equal(decoder.violation, null);
});

test('a flood of data frames without data does no harm', () => {
  const empty = frame(Kind.data, 1, '');
  assert.deepEqual(decode([Buffer.from(empty.repeat(200_000) + frame(Kind.end, 1, ''), 'latin1')]).frames, [
    { kind: Kind.end, id: 1, payload: '' },
  ]);
});
