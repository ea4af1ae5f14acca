import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeExchange } from '../../../test/support/fake-exchange.ts';
import { makeFolder } from '../../../test/support/folder.ts';
import { readSection } from '../../config/read-section.ts';
import { respond as section } from '../../config/sections/respond.ts';
import { respond } from './respond.ts';

test('the answer is filled in', () => {
  const exchange = new FakeExchange({ target: '/a' });
  respond({ status: 410, body: '{path} is gone\n', file: null, headers: { 'X-Host': '{host}' } })(exchange);
  assert.equal(exchange.status, 410);
  assert.equal(exchange.text, '/a is gone\n');
  assert.equal(exchange.field('x-host'), 'example.org');
});

test('a file is the answer, whatever was asked for', (t) => {
  const folder = makeFolder(t, { 'closed.html': '<h1>{path}</h1>' });
  const settings = { status: 503, body: '', file: `${folder}/closed.html` };
  const exchange = new FakeExchange({ method: 'POST', target: '/a' });
  respond({ ...settings, headers: { 'Retry-After': '60' } })(exchange);
  assert.deepEqual([exchange.status, exchange.text, exchange.aborted], [503, '<h1>{path}</h1>', null]);
  assert.deepEqual(exchange.responseFields, [
    'Content-Type',
    'text/html; charset=utf-8',
    'Retry-After',
    '60',
  ]);
  const typed = new FakeExchange();
  respond({ ...settings, headers: { 'content-type': 'text/x' } })(typed);
  assert.deepEqual(typed.responseFields, ['content-type', 'text/x']);
  assert.throws(() => respond({ ...settings, file: `${folder}/none`, headers: {} }), /ENOENT/);
});

test('a file that is not there, too large, or beside a text is a mistake', (t) => {
  const folder = makeFolder(t, { large: 'x'.repeat(1024 ** 2 + 1), small: 'x' });
  const read = (raw: object) => {
    const mistakes: string[] = [];
    readSection(section, raw, { file: 'x', directory: folder, path: [], lineOf: () => 1 }, mistakes);
    return mistakes.join();
  };
  assert.equal(read({ file: 'small' }), '');
  for (const file of ['none', 'large', '.'])
    assert.match(read({ file }), /file: found .*; allowed: a file of 1 MiB/);
  assert.match(read({ file: 'small', body: 'x' }), /found file and body; allowed: one of them/);
});
