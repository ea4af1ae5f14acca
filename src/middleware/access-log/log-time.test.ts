import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { compileStrftime, compileTime } from './log-time.ts';

const MOMENTS = [
  '2026-11-21T02:47:42Z',
  '2024-02-29T12:00:00Z',
  '2024-12-31T23:59:59Z',
  '2025-01-01T00:00:00Z',
  '2026-07-05T13:05:09Z',
  '1999-12-26T11:11:11Z',
].map((text) => Date.parse(text));

test('codes mean what date(1) prints for them', (t) => {
  const pattern =
    '%a|%A|%b|%B|%c|%C|%d|%D|%e|%F|%h|%H|%I|%j|%k|%l|%m|%M|%p|%P|%r|%R|%s|%S|%T|%u|%w|%x|%X|%y|%Y|%z|%%';
  const format = compileStrftime(pattern);
  try {
    execFileSync('date', ['--version'], { stdio: 'ignore' });
  } catch {
    return t.skip('needs date of GNU coreutils');
  }
  for (const timeMs of MOMENTS) {
    const expected = execFileSync('date', [`--date=@${timeMs / 1000}`, `+${pattern}`], {
      env: { ...process.env, LC_ALL: 'C' },
    });
    assert.equal(format(timeMs), expected.toString().trimEnd());
  }
});

test('a second later the text is another', () => {
  const format = compileStrftime('%S');
  const timeMs = MOMENTS[0]!;
  assert.equal(format(timeMs), '42');
  assert.equal(format(timeMs + 999), '42');
  assert.equal(format(timeMs + 1000), '43');
  assert.equal(format(timeMs), '42');
});

test('fractions and codes that are not known', () => {
  assert.equal(compileTime('usec')(1.5), '1500');
  assert.equal(compileTime('msec_frac')(1007.9), '007');
  assert.throws(() => compileTime('%Y %'), /unknown time code "%"/);
  assert.throws(() => compileTime('%Q'), /unknown time code "%Q"/);
});
