import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseDigestAuthorization } from './authorization.ts';

/** RFC 7616, section 3.9.1. */
const EXAMPLE =
  `Digest username="Mufasa", realm="http-auth@example.org", uri="/dir/index.html", algorithm=MD5,
 nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", nc=00000001, cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
 qop=auth, response="8ca523f5e9506fed4657c9700eebdbec", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`.replaceAll(
    '\n',
    '',
  );

test('the example of the specification', () => {
  assert.deepEqual(parseDigestAuthorization(EXAMPLE), {
    user: 'Mufasa',
    isUserHashed: false,
    realm: 'http-auth@example.org',
    nonce: '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v',
    opaque: 'FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS',
    uri: '/dir/index.html',
    algorithm: 'MD5',
    clientNonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ',
    count: '00000001',
    response: '8ca523f5e9506fed4657c9700eebdbec',
  });
});

test('names: escaped, extended, hashed', () => {
  const named = (text: string) => parseDigestAuthorization(EXAMPLE.replace('username="Mufasa"', text));
  assert.equal(named('username="a \\"b\\" \\\\"')?.user, 'a "b" \\');
  assert.equal(named("username*=UTF-8''J%C3%A4s%C3%B8n")?.user, 'J\xc3\xa4s\xc3\xb8n');
  assert.equal(named('username="abc", userhash=true')?.isUserHashed, true);
  for (const text of ['', 'username=""', 'username="a\tb"', "username*=UTF-8''%00", "username*=UTF-16''a"])
    assert.equal(named(text), null, text);
  assert.equal(named('username="a", username*=UTF-8\'\'a'), null);
});

test('what is against the grammar, incomplete or without qop is none', () => {
  for (const [from, to] of [
    ['Digest ', 'Basic '],
    ['Digest ', 'Digest'],
    ['qop=auth,', ''],
    ['qop=auth', 'qop=auth-int'],
    ['nc=00000001', 'nc=1'],
    ['nc=00000001', 'nc=0000000g'],
    ['nc=00000001', 'nc=00000001, nc=00000002'],
    ['cnonce="f', 'cnonce="\\"f'],
    ['cnonce="f', `cnonce="${'f'.repeat(256)}`],
    ['response="8', 'response="x'],
    ['response="8ca523f5', 'response="'],
    ['uri="/dir/index.html"', 'uri=""'],
    ['uri="/dir/index.html"', 'uri=/dir/index.html'],
    ['realm="', 'realm=""x"'],
    ['opaque="FQ', 'opaque="\\'],
  ] as const) {
    assert.ok(EXAMPLE.includes(from));
    const changed = EXAMPLE.replace(from, to);
    const isNone = parseDigestAuthorization(changed) === null;
    assert.equal(isNone, to !== 'opaque="\\', changed);
  }
  assert.equal(parseDigestAuthorization(EXAMPLE.slice(0, -1)), null);
});

test('whatever a stranger sends is read or refused', () => {
  const piece = fc.constantFrom(...'Digest ,="\\\t', 'username', 'nonce="', 'é', '"a\\"b"', 'nc=00000001,');
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
      const found = parseDigestAuthorization(`Digest ${pieces.join('')}`);
      assert.ok(found === null || found.user !== '');
    }),
  );
  // In a time that grows with the length.
  assert.equal(parseDigestAuthorization(`Digest a="${'\\a'.repeat(30_000)}`), null);
  assert.equal(parseDigestAuthorization(`Digest ${' \t'.repeat(30_000)}`), null);
});
