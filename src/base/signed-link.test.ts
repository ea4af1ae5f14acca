import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { checkLink, parseSecrets, signLink } from './signed-link.ts';

const SECRET = 'a secret of many characters';
const NOW = 1_795_229_262_000;

test('a link is good until it expires', () => {
  const link = signLink('/files/a%20b.pdf', SECRET, NOW + 5_000);
  assert.match(link, /^\/files\/a%20b\.pdf\?expires=1795229267&signature=[\w-]{43}$/);
  assert.equal(checkLink(link, [SECRET], NOW), 'good');
  assert.equal(checkLink(link, [SECRET], NOW + 5_000), 'expired');
  const forever = signLink('/x?a=1', SECRET, null);
  assert.match(forever, /^\/x\?a=1&signature=/);
  assert.equal(checkLink(forever, [SECRET], NOW * 10), 'good');
});

test('the signature is what the documentation says', () => {
  const expected = createHmac('sha256', SECRET).update('/x?expires=1795229262').digest('base64url');
  assert.equal(signLink('/x', SECRET, NOW), `/x?expires=1795229262&signature=${expected}`);
});

test('another secret may have been used, of those that there are', () => {
  const link = signLink('/x', 'an older secret, kept', null);
  assert.equal(checkLink(link, [SECRET, 'an older secret, kept'], NOW), 'good');
  assert.equal(checkLink(link, [SECRET], NOW), 'wrong');
  assert.equal(checkLink(link, [], NOW), 'wrong');
});

test('nothing of a link can be changed', () => {
  const link = signLink('/files/a?v=1', SECRET, NOW - 1);
  for (const changed of [
    link.replace('/a?', '/b?'),
    link.replace('/files', '/%66iles'),
    link.replace('/files', '//files'),
    link.replace('v=1', 'v=2'),
    link.replace(/expires=\d+/, 'expires=9999999999'),
    link.replace(/&expires=\d+/, ''),
    `${link}&expires=9999999999`,
    `${link}&v=2`,
    `${link}=`,
    link.replace('signature', 'Signature'),
    link.slice(0, -1),
    link.replace(/&signature=.*/, ''),
    `/files/b?signature=${link.split('signature=')[1]}`,
    '/files/a?v=1',
  ])
    assert.equal(checkLink(changed, [SECRET], NOW), 'wrong', changed);
});

test('secrets of a file', () => {
  assert.deepEqual(parseSecrets('# made today\n\n0123456789abcdef\nshort\n  0123456789abcdefg \r\n'), [
    '0123456789abcdef',
    '0123456789abcdefg',
  ]);
});
