import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { pair, readPairs } from './name-value-pairs.ts';

const PAIRS_MAX = 100;
const short = (length: number): string => String.fromCharCode(length);

describe('name-value pairs of FastCGI', () => {
  it('are those of the specification (appendix B)', () => {
    const text = '\x0b\x02SERVER_PORT80\x0b\x0eSERVER_ADDR199.170.183.42';
    const pairs = ['SERVER_PORT', '80', 'SERVER_ADDR', '199.170.183.42'];
    assert.deepEqual(readPairs(text, PAIRS_MAX), pairs);
    assert.equal(pair('SERVER_PORT', '80') + pair('SERVER_ADDR', '199.170.183.42'), text);
  });

  it('have lengths of one byte up to 127 and of four from 128', () => {
    const value = 'v'.repeat(128);
    assert.equal(pair('N', value.slice(1)), `\x01\x7fN${value.slice(1)}`);
    assert.equal(pair('N', value), `\x01\x80\0\0\x80N${value}`);
    assert.equal(pair(value, 'x'), `\x80\0\0\x80\x01${value}x`);
  });

  it('may have a short length in four bytes', () => {
    assert.deepEqual(readPairs('\x80\0\0\x01\x80\0\0\x01ab', PAIRS_MAX), ['a', 'b']);
  });

  it('are refused where they end too late', () => {
    for (const text of [
      '\x01',
      '\x01\x01',
      '\x01\x01a',
      '\xff\xff\xff\xff\0',
      '\0\x80\0',
      '\0\xff\xff\xff\xff',
    ])
      assert.equal(typeof readPairs(text, PAIRS_MAX), 'string', JSON.stringify(text));
  });

  it('are counted', () => {
    assert.equal((readPairs('\0\0'.repeat(PAIRS_MAX), PAIRS_MAX) as string[]).length, 2 * PAIRS_MAX);
    assert.equal(readPairs('\0\0'.repeat(PAIRS_MAX + 1), PAIRS_MAX), 'more than 100 variables');
  });

  it('are read back as they were written, and at each earlier end are less or refused', () => {
    const text = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map(short), maxLength: 200 });
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text), { maxLength: 5 }), (list) => {
        const whole = list.map(([name, value]) => pair(name, value)).join('');
        assert.deepEqual(readPairs(whole, PAIRS_MAX), list.flat());
        for (let end = 0; end < whole.length; end++) {
          const read = readPairs(whole.slice(0, end), PAIRS_MAX);
          if (typeof read !== 'string') assert.deepEqual(read, list.flat().slice(0, read.length));
        }
      }),
    );
  });
});
