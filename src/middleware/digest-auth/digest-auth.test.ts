import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { answerChallenge, type DigestAnswer, parseChallenge } from '../../../test/support/digest-client.ts';
import { FakeExchange, type FakeRequest } from '../../../test/support/fake-exchange.ts';
import { makeFolder } from '../../../test/support/folder.ts';
import { type DigestAlgorithm, digestOf } from '../../base/passwords/htdigest.ts';
import type { DigestAuthSettings } from '../../config/sections/digest-auth.ts';
import type { Exchange } from '../../exchange.ts';
import { createLog } from '../../telemetry/log.ts';
import { digestAuth } from './digest-auth.ts';

const latin1 = (text: string) => Buffer.from(text, 'utf8').toString('latin1');
const line = (user: string, password: string, algorithm: DigestAlgorithm = 'SHA-256') =>
  `${user}:Käse:${digestOf(algorithm, latin1(`${user}:Käse:${password}`))}\n`;
const USERS = line('alice', 'wonder:land') + line('zoë', 'naïve');
const ALICE = { user: 'alice', password: 'wonder:land' };
const NONCE_KEY = Buffer.alloc(32, 7);

function guarded(t: TestContext, changes: Partial<DigestAuthSettings> = {}, users = USERS) {
  const folder = makeFolder(t, { users, groups: 'staff: zoë\n' });
  const settings: DigestAuthSettings = {
    file: `${folder}/users`,
    groupFile: `${folder}/groups`,
    realm: 'Käse',
    requirements: ['valid-user'],
    passAuthorization: false,
    nonceLifetimeMs: 60_000,
    hashesUsers: false,
    place: 'vivarium.toml:3: digest-auth',
    ...changes,
  };
  const lines: string[] = [];
  const log = createLog('test', 'info', (text) => lines.push(text.replace(/^.*?\[test\] /, '').trim()));
  const served: Exchange[] = [];
  const handle = digestAuth(settings, { log, nonceKey: NONCE_KEY })((exchange) => {
    served.push(exchange);
    exchange.respond(200, [], 'served');
  });
  const ask = (request: FakeRequest = {}) => {
    const exchange = new FakeExchange(request);
    handle(exchange);
    return exchange;
  };
  const challenge = (field = ask().field('WWW-Authenticate')!) => parseChallenge(field);
  const signIn = (answer: DigestAnswer, request: FakeRequest = {}, to = challenge()) =>
    ask({ target: answer.target ?? '/', ...request, fields: { Authorization: answerChallenge(to, answer) } });
  return { ask, challenge, signIn, served, lines };
}

test('who has not signed in is asked to, as RFC 7616 has it', (t) => {
  const exchange = guarded(t).ask();
  assert.deepEqual([exchange.status, exchange.field('Cache-Control')], [401, 'no-store']);
  const value = exchange.field('WWW-Authenticate')!.replace(/(nonce|opaque)="[\w-]+"/g, '$1="x"');
  const realm = latin1('Käse');
  assert.equal(
    value,
    `Digest realm="${realm}", nonce="x", opaque="x", algorithm=SHA-256, qop="auth", charset=UTF-8`,
  );
});

test('the right answer lets through, and says who it is', (t) => {
  const { signIn, served } = guarded(t);
  const exchange = signIn({ ...ALICE, target: '/a?b=c' });
  assert.equal(exchange.status, 200);
  assert.deepEqual(served[0]!.environ, ['REMOTE_USER', 'alice', 'AUTH_TYPE', 'Digest']);
  assert.equal(served[0]!.request.fields.get('authorization'), null);
  assert.match(
    exchange.field('Authentication-Info')!,
    /^rspauth="[\da-f]{64}", cnonce="0a4f113b", nc=00000001, qop=auth$/,
  );
  assert.equal(signIn({ user: 'zoë', password: 'naïve' }).status, 200);
  assert.equal(served[1]!.environ![1], latin1('zoë'));
});

test('the server shows that it knows the password: the response of RFC 7616, section 3.5', (t) => {
  const { challenge, signIn } = guarded(t);
  const to = challenge();
  const info = signIn(ALICE, {}, to).field('Authentication-Info')!;
  const secret = digestOf('SHA-256', latin1('alice:Käse:wonder:land'));
  const proof = digestOf(
    'SHA-256',
    `${secret}:${to.nonce}:00000001:0a4f113b:auth:${digestOf('SHA-256', ':/')}`,
  );
  assert.ok(info.startsWith(`rspauth="${proof}"`));
});

test('a wrong password, another method and an unknown user are asked again, and not told why', (t) => {
  const { signIn, served } = guarded(t);
  const answers = [
    signIn({ user: 'alice', password: 'wonderland' }),
    signIn({ user: 'mallory', password: 'nobody' }),
    signIn({ ...ALICE, method: 'POST' }),
    signIn({ ...ALICE, changes: { username: '"zo\xc3\xab"' } }),
    signIn({ ...ALICE, changes: { response: `"${'0'.repeat(32)}"` } }),
    signIn({ ...ALICE, changes: { nonce: '"AAAA"' } }),
  ];
  for (const answer of answers) {
    assert.equal(answer.status, 401);
    assert.doesNotMatch(answer.field('WWW-Authenticate')!, /stale/);
  }
  assert.equal(served.length, 0);
});

test('what is no answer to our question is asked again', (t) => {
  const { ask, signIn, lines } = guarded(t);
  for (const changes of [
    { realm: '"There"' },
    { algorithm: 'MD5' },
    { algorithm: 'SHA-256-sess' },
    { algorithm: '' },
    { qop: '' },
    { nc: '1' },
  ])
    assert.equal(signIn({ ...ALICE, changes }).status, 401, JSON.stringify(changes));
  for (const value of ['Digest', 'Digest x', 'Basic YWxpY2U6d29uZGVyOmxhbmQ='])
    assert.equal(ask({ fields: { Authorization: value } }).status, 401);
  const two = Array.from({ length: 2 }, () => ['Authorization', 'Digest x'] as const);
  assert.equal(ask({ fields: two }).status, 401);
  assert.deepEqual(lines, []);
});

test('an answer that was made for another address is none', (t) => {
  const { signIn, served } = guarded(t);
  assert.equal(signIn({ ...ALICE, target: '/public' }, { target: '/secret' }).status, 400);
  assert.equal(signIn({ ...ALICE, target: '/x' }, { target: '/x?delete=1' }).status, 400);
  assert.equal(served.length, 0);
  assert.equal(signIn({ ...ALICE, target: '/x' }, { target: 'http://example.org/x' }).status, 200);
});

test('a request that somebody has recorded is not answered again', (t) => {
  const { challenge, signIn, served } = guarded(t);
  const to = challenge();
  assert.equal(signIn(ALICE, {}, to).status, 200);
  const replayed = signIn(ALICE, {}, to);
  assert.equal(replayed.status, 401);
  assert.match(replayed.field('WWW-Authenticate')!, /stale=true/);
  assert.equal(signIn({ ...ALICE, count: 2 }, {}, to).status, 200);
  assert.equal(served.length, 2);
});

test('an old nonce, one of another server and an opaque that we have not sent: only the nonce is asked for anew', (t) => {
  const { challenge, signIn } = guarded(t);
  const old = parseChallenge('realm="x", nonce="AAAA", opaque="y", algorithm=SHA-256');
  const to = { ...challenge(), nonce: old.nonce };
  for (const exchange of [signIn(ALICE, {}, to), signIn(ALICE, {}, { ...challenge(), opaque: 'z' })]) {
    assert.equal(exchange.status, 401);
    assert.match(exchange.field('WWW-Authenticate')!, /stale=true$/);
  }
});

test('who signs with a nonce that grows old gets the next one', (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: Date.UTC(2026, 10, 21) });
  const { challenge, signIn } = guarded(t);
  const to = challenge();
  t.mock.timers.tick(31_000);
  const [, next] = /nextnonce="([^"]+)"/.exec(signIn(ALICE, {}, to).field('Authentication-Info')!)!;
  assert.equal(signIn(ALICE, {}, { ...to, nonce: next! }).status, 200);
  t.mock.timers.tick(30_000);
  assert.match(signIn({ ...ALICE, count: 2 }, {}, to).field('WWW-Authenticate')!, /stale=true/);
});

test('a file with hashes of both kinds offers both, the better one first', (t) => {
  const { ask, signIn } = guarded(t, {}, USERS + line('alice', 'wonder:land', 'MD5'));
  const fields = ask().responseFields.filter((text) => text.startsWith('Digest '));
  assert.deepEqual(
    fields.map((field) => parseChallenge(field).algorithm),
    ['SHA-256', 'MD5'],
  );
  fields.forEach((field, i) => {
    assert.equal(signIn({ ...ALICE, count: i + 1 }, {}, parseChallenge(field)).status, 200);
  });
  assert.equal(signIn({ user: 'zoë', password: 'naïve' }, {}, parseChallenge(fields[1]!)).status, 401);
});

test('the name can be sent as a hash where that is offered', (t) => {
  const hashed = digestOf('SHA-256', latin1('zoë:Käse'));
  const answer = { user: 'zoë', password: 'naïve', changes: { username: `"${hashed}"`, userhash: 'true' } };
  const { ask, signIn, served } = guarded(t, { hashesUsers: true });
  assert.match(ask().field('WWW-Authenticate')!, /userhash=true/);
  assert.equal(signIn(answer).status, 200);
  assert.equal(served[0]!.environ![1], latin1('zoë'));
  assert.equal(guarded(t).signIn(answer).status, 401);
});

test('only those of a group', (t) => {
  const { signIn } = guarded(t, { requirements: ['group staff'] });
  assert.equal(signIn(ALICE).status, 401);
  assert.equal(signIn({ user: 'zoë', password: 'naïve' }).status, 200);
});

test('a realm that nobody is of is told, and so are failures', (t) => {
  const file = 'bob:Other:8ca523f5e9506fed4657c9700eebdbec\n';
  assert.match(guarded(t, {}, file).lines[0]!, /user-file: .*nobody of the realm "Käse"; .* "Other"/);
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { signIn, lines } = guarded(t);
  signIn({ user: 'alice', password: 'wrong' });
  t.mock.timers.tick(1_000);
  assert.match(lines[0]!, /sign-in-failed: .*: refused 1 within a second, the last of "alice"/);
});
