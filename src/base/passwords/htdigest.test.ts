import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf, parseRealmHashes } from './htdigest.ts';

/** As `printf 'user:realm:password' | md5sum` has it. */
const MD5 = '8ca523f5e9506fed4657c9700eebdbec';
const SHA = digestOf('SHA-256', 'alice:Here:secret');

test('the hash is the one of RFC 7616, section 3.9.1', () => {
  assert.equal(
    digestOf('MD5', 'Mufasa:http-auth@example.org:Circle of Life'),
    '3d78807defe7de2157e2b0b6573a855f',
  );
  assert.equal(
    digestOf('SHA-256', 'Mufasa:http-auth@example.org:Circle of Life'),
    '7987c64c30e25f1b74be53f966b49b90f2808aa92faf9a00262392d7b4794232',
  );
});

test('users of a realm, by algorithm, the best first', () => {
  const file = `# people\n\nalice:Here:${MD5.toUpperCase()}\r\nalice:Here:${SHA}\nbob:There:${MD5}\n`;
  const { hashes, mistakes } = parseRealmHashes(Buffer.from(file), 'Here');
  assert.deepEqual(
    Array.from(hashes, ([algorithm, users]) => [algorithm, ...users]),
    [
      ['SHA-256', ['alice', SHA]],
      ['MD5', ['alice', MD5]],
    ],
  );
  assert.deepEqual(mistakes, []);
});

test('lines that mean nothing are named', () => {
  const file = `alice\nalice:Here\n:Here:${MD5}\nbob:Here:secret\nbob:Here:${MD5}\nbob:Here:${MD5}\n`;
  const { hashes, mistakes } = parseRealmHashes(Buffer.from(file), 'Here');
  assert.deepEqual([...hashes.get('MD5')!.keys()], ['bob']);
  const none = 'no user, realm and hash (32 hex digits of MD5 or 64 of SHA-256)';
  assert.deepEqual(mistakes, [
    ...[1, 2, 3, 4].map((line) => `line ${line}: ${none}`),
    'line 6: a second line for the same user',
  ]);
});

test('a realm that nobody is of is named beside those that there are', () => {
  const { mistakes } = parseRealmHashes(Buffer.from(`bob:Käse:${MD5}\n`), 'Here');
  assert.deepEqual(mistakes, ['nobody of the realm "Here"; the realms of the file: "Käse"']);
});
