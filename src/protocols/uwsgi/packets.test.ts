import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { PING, packetHeader, readVariables, variable, WSGI } from './packets.ts';

const VARIABLES_MAX = 100;

describe('packets of uwsgi', () => {
  it('are written as the page of the protocol says', () => {
    assert.equal(packetHeader(WSGI, 0x0102), '\0\x02\x01\0');
    assert.equal(packetHeader(PING, 0, 1), 'd\0\0\x01');
    assert.equal(variable('REQUEST_METHOD', 'GET'), '\x0e\0REQUEST_METHOD\x03\0GET');
    assert.equal(variable('N', 'v'.repeat(0x1234)), `\x01\0N\x34\x12${'v'.repeat(0x1234)}`);
  });

  it('are refused where a variable ends too late', () => {
    for (const block of ['\x01', '\x01\0', '\x01\0a', '\x01\0a\x01', '\x01\0a\x01\0', '\xff\xff', '\0\0\0'])
      assert.equal(typeof readVariables(block, VARIABLES_MAX), 'string', JSON.stringify(block));
  });

  it('have their variables counted', () => {
    const empty = '\0\0\0\0';
    assert.equal((readVariables(empty.repeat(100), VARIABLES_MAX) as string[]).length, 200);
    assert.equal(readVariables(empty.repeat(101), VARIABLES_MAX), 'more than 100 variables');
  });

  it('are read back as they were written, and at each earlier end are less or refused', () => {
    const text = fc.string({
      unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
    });
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text), { maxLength: 5 }), (list) => {
        const whole = list.map(([name, value]) => variable(name, value)).join('');
        assert.deepEqual(readVariables(whole, VARIABLES_MAX), list.flat());
        for (let end = 0; end < whole.length; end++) {
          const read = readVariables(whole.slice(0, end), VARIABLES_MAX);
          if (typeof read !== 'string') assert.deepEqual(read, list.flat().slice(0, read.length));
        }
      }),
    );
  });
});
