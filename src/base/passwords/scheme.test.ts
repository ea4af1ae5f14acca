import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkPassword, hashPassword, METHODS, whyNoHash } from './scheme.ts';

function accepts(hash: string, password: string | Buffer): boolean {
  assert.equal(whyNoHash(hash), null, hash);
  return checkPassword(hash, Buffer.from(password as string));
}

const LONG = 'a much longer passphrase than any block of sixteen or sixty-four bytes, to be sure of it';

/** Made by htpasswd of Apache 2.4, openssl passwd, crypt(3) of glibc and slappasswd's recipe. */
const FOREIGN: readonly (readonly [password: string, hash: string])[] = [
  ['secret', '$2y$05$ZrIwE3xZ7AzFuGqOmetb5uxgqnyUhN4VdAPWJIda3aPug.r0j06Eq'],
  ['secret', '$apr1$Fj4yLvB7$21JOpEDHbUTzY9p/uddc8.'],
  ['secret', '{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ='],
  ['secret', '{SSHA}gVK8WC9YyFT1gMsQHTGCgT3sSv5zYWx0'],
  ['secret', '$5$Y0AwFHD9yXiDVOrE$A/nbfj8lafPXEtoVfeu0/7B..Ufm0iDHflrsG6AFbE4'],
  [
    'secret',
    '$6$CG0/pmlQNzMWAUTu$jin/PhTZI.wRMxDipajngwRoBzeceQcqfqZwI0I1GLoBVzepFRgqfO6NOCmN9OWzl79FILhlmpokZcj8Gc8ZC/',
  ],
  ['secret', '$1$DqcNvXPq$56M1wayImwv4G3nX.XzXb/'],
  [LONG, '$5$fBENLmVOoJQbHRwc$5igtSYRaiDkwZqh0aPbK0NzfstfpjWrSZrf0EAEud/1'],
  [LONG, '$apr1$9LSRlPzq$cUfTI6aOk/ccbT3cSPfF4/'],
  ['This is just a test', '$5$rounds=5000$toolongsaltstrin$Un/5jzAHMgOGZ5.mWJpuVolil07guHPvOW8mGRcvxa5'],
  [
    'Hello world!',
    '$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1',
  ],
];

test('hashes that other programs have made', () => {
  for (const [password, hash] of FOREIGN) {
    assert.equal(accepts(hash, password), true, hash);
    assert.equal(accepts(hash, `${password}x`), false, hash);
    assert.equal(accepts(hash, ''), false, hash);
  }
});

test('each method makes hashes that are its own and differ each time', () => {
  for (const method of METHODS) {
    const password = Buffer.from('corräct horse');
    const hash = hashPassword(password, method, 4);
    assert.equal(accepts(hash, password), true, hash);
    assert.equal(accepts(hash, 'correct horse'), false, hash);
    assert.notEqual(hashPassword(password, method, 4), hash);
  }
});

test('what is no hash, or would take too long', () => {
  assert.match(whyNoHash('secret')!, /no hash/);
  assert.match(whyNoHash('')!, /no hash/);
  assert.match(whyNoHash('$2y$20$ZrIwE3xZ7AzFuGqOmetb5uxgqnyUhN4VdAPWJIda3aPug.r0j06Eq')!, /cost above 15/);
  assert.match(whyNoHash(`$6$rounds=999999999$salt$${'a'.repeat(86)}`)!, /more than 500000 rounds/);
});

test("a password that is endless, has a NUL or is no text is nobody's", () => {
  const hash = hashPassword(Buffer.from('a'), 'bcrypt', 4);
  assert.equal(accepts(hash, Buffer.from('a\0b')), false);
  assert.equal(accepts(hash, Buffer.from([0xff])), false);
  const long = Buffer.alloc(2_000, 'a');
  assert.equal(accepts(hashPassword(long, 'sha256'), long), false);
});
