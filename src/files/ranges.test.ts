import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseRanges, RANGES_MAX } from './ranges.ts';

const SIZE = 100;

/** Ranges as `start-end` with the end not included; null: the field is ignored; '': nothing can be satisfied. */
function parsed(field: string, sizeBytes = SIZE): string | null {
  return (
    parseRanges(field, sizeBytes)
      ?.map(({ start, end }) => `${start}-${end}`)
      .join(' ') ?? null
  );
}

test('Range fields', () => {
  const cases: Record<string, string | null> = {
    'bytes=0-0': '0-1',
    'bytes=0-49': '0-50',
    'bytes=50-': '50-100',
    'bytes=-10': '90-100',
    'bytes=-1000': '0-100',
    'bytes=99-1000': '99-100',
    'bytes=10-99999999999999999999999': '10-100',
    'BYTES=0-0': '0-1',
    'bytes=0-0, 5-6 ,\t-1': '0-1 5-7 99-100',
    'bytes=50-59,0-9': '50-60 0-10',
    'bytes=100-': '',
    'bytes=100-200': '',
    'bytes=-0': '',
    'bytes=99999999999999999999999-': '',
    'bytes=0-9,200-300': '0-10',
    'bytes=9-0': null,
    'bytes=': null,
    'bytes=-': null,
    'bytes=a-b': null,
    'bytes=0-9,': null,
    'bytes=0-9;10-19': null,
    'bytes=1.5-2': null,
    'bytes=0x0-0x9': null,
    'bytes= 0-9': '0-10',
    'bytes =0-9': null,
    'items=0-9': null,
    '0-9': null,
    // More than the file has: the whole file costs less.
    'bytes=0-,0-': null,
    'bytes=0-59,40-99': null,
    'bytes=0-49,50-99': '0-50 50-100',
  };
  for (const [field, ranges] of Object.entries(cases)) assert.equal(parsed(field), ranges, field);
});

test('an empty file has no ranges', () => {
  for (const field of ['bytes=0-', 'bytes=-1', 'bytes=0-0']) assert.equal(parsed(field, 0), null, field);
});

test('the number of ranges is bounded', () => {
  const many = (count: number) => `bytes=${Array.from({ length: count }, (_, i) => `${i}-${i}`).join(',')}`;
  assert.equal(parseRanges(many(RANGES_MAX), 1000)?.length, RANGES_MAX);
  assert.equal(parseRanges(many(RANGES_MAX + 1), 1000), null);
});

test('every range lies within the file, and all together are no larger than it', () => {
  const bound = fc.option(fc.nat(200), { nil: '' });
  const spec = fc.tuple(bound, bound).map(([first, last]) => `${first}-${last}`);
  fc.assert(
    fc.property(fc.array(spec, { minLength: 1, maxLength: 5 }), fc.nat(150), (specs, sizeBytes) => {
      const ranges = parseRanges(`bytes=${specs.join(',')}`, sizeBytes) ?? [];
      let sum = 0;
      for (const { start, end } of ranges) {
        assert.ok(0 <= start && start < end && end <= sizeBytes);
        sum += end - start;
      }
      assert.ok(sum <= sizeBytes);
    }),
  );
});
