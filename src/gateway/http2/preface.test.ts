import assert from 'node:assert/strict';
import { test } from 'node:test';
import { comparePreface } from './preface.ts';

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const compare = (text: string) => comparePreface(Buffer.from(text, 'latin1'));

test('every part of the preface may become one', () => {
  for (let length = 1; length < PREFACE.length; length++) {
    assert.equal(compare(PREFACE.slice(0, length)), 'part');
    assert.equal(compare(`${PREFACE.slice(0, length)}!`), 'other');
  }
  assert.equal(compare(PREFACE), 'whole');
  assert.equal(compare(`${PREFACE}\0\0\0\x04`), 'whole');
  for (const other of ['GET / HTTP/1.1\r\n', 'POST', 'PRI * HTTP/1.1\r\n', '\x16\x03\x01'])
    assert.equal(compare(other), 'other', other);
});
