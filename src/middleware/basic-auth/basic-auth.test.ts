import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { FakeExchange, type FakeRequest } from '../../../test/support/fake-exchange.ts';
import { checkPassword, hashPassword } from '../../base/passwords/scheme.ts';
import type { BasicAuthSettings } from '../../config/sections/basic-auth.ts';
import type { Exchange } from '../../exchange.ts';
import { createLog } from '../../telemetry/log.ts';
import { basicAuth } from './basic-auth.ts';
import type { PasswordChecks } from './password-checks.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'vivarium-basic-auth-'));
after(() => rmSync(directory, { recursive: true }));
const file = path.join(directory, 'users');
const groupFile = path.join(directory, 'groups');
const hash = (password: string) => hashPassword(Buffer.from(password), 'bcrypt', 4);
writeFileSync(
  file,
  `alice:${hash('wonder:land')}\nbob:${hash('builder')}\nzoë:${hash('naïve')}\nnobody:plain\n`,
);
writeFileSync(groupFile, 'staff: bob\n');

/** Checks that end when the test says so. */
class FakeChecks {
  hashes: string[] = [];
  isFull = false;
  #waiting: (() => void)[] = [];

  check(hash: string, password: Buffer, _client: string, done: (accepted: boolean) => void): boolean {
    if (this.isFull) return false;
    this.hashes.push(hash);
    this.#waiting.push(() => done(checkPassword(hash, password)));
    return true;
  }

  finish(): void {
    for (const one of this.#waiting.splice(0)) one();
  }
}

function guarded(changes: Partial<BasicAuthSettings> = {}) {
  const settings: BasicAuthSettings = {
    file,
    groupFile: null,
    realm: 'Käse',
    requirements: ['valid-user'],
    passAuthorization: false,
    place: 'vivarium.toml:3: basic-auth',
    ...changes,
  };
  const checks = new FakeChecks();
  const lines: string[] = [];
  const log = createLog('test', 'info', (line) => lines.push(line.replace(/^.*?\[test\] /, '').trim()));
  const served: Exchange[] = [];
  const handle = basicAuth(settings, { log, passwordChecks: checks as unknown as PasswordChecks })(
    (exchange) => {
      served.push(exchange);
      exchange.respond(200, [], '');
    },
  );
  const ask = (request: FakeRequest = {}) => {
    const exchange = new FakeExchange(request);
    handle(exchange);
    return exchange;
  };
  const signIn = (user: string, password: string) => {
    const exchange = ask({ fields: basic(user, password) });
    checks.finish();
    return exchange;
  };
  return { ask, signIn, checks, served, lines };
}

function basic(user: string, password: string): Record<string, string> {
  return { Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` };
}

test('who has not signed in is asked to', () => {
  const { ask, served } = guarded();
  const exchange = ask();
  assert.equal(exchange.status, 401);
  const realm = Buffer.from('Käse').toString('latin1');
  assert.equal(exchange.field('WWW-Authenticate'), `Basic realm="${realm}", charset="UTF-8"`);
  assert.equal(served.length, 0);
});

test('the right password lets through, and the application is told who it is, not the password', () => {
  const { signIn, served } = guarded();
  assert.equal(signIn('alice', 'wonder:land').status, 200);
  assert.deepEqual(served[0]!.environ, ['REMOTE_USER', 'alice', 'AUTH_TYPE', 'Basic']);
  assert.equal(served[0]!.request.fields.get('authorization'), null);
  assert.equal(signIn('zoë', 'naïve').status, 200);
});

test('the password can be passed on', () => {
  const { signIn, served } = guarded({ passAuthorization: true });
  signIn('bob', 'builder');
  assert.match(served[0]!.request.fields.get('authorization')!, /^Basic /);
});

test('a wrong password, an unknown user and a user without a hash are told the same, after a check of the same kind', () => {
  const { signIn, checks, served } = guarded();
  const answers = [signIn('bob', 'Builder'), signIn('mallory', 'builder'), signIn('nobody', 'plain')];
  for (const answer of answers) assert.equal(answer.status, 401);
  assert.equal(new Set(answers.map(({ text }) => text)).size, 1);
  assert.equal(served.length, 0);
  assert.equal(checks.hashes.length, 3);
  for (const one of checks.hashes) assert.match(one, /^\$2y\$04\$/);
});

test('the decoy of unknown users opens nothing, even with the password of the user it is of', () => {
  const { signIn, checks } = guarded();
  assert.equal(signIn('mallory', 'wonder:land').status, 401);
  assert.equal(checks.hashes.length, 1);
});

test('a password is checked once, also for requests at the same time', () => {
  const { ask, checks } = guarded();
  const together = [1, 2, 3].map(() => ask({ fields: basic('bob', 'builder') }));
  assert.equal(checks.hashes.length, 1);
  checks.finish();
  assert.deepEqual(
    together.map(({ status }) => status),
    [200, 200, 200],
  );
  assert.equal(ask({ fields: basic('bob', 'builder') }).status, 200);
  assert.equal(checks.hashes.length, 1);
});

test('a wrong password is not remembered', () => {
  const { signIn, checks } = guarded();
  signIn('bob', 'wrong');
  signIn('bob', 'wrong');
  assert.equal(checks.hashes.length, 2);
});

test('what is no Basic authentication, or two at once', () => {
  const { ask, checks } = guarded();
  const encoded = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
  for (const value of [
    'Basic',
    'Basic =',
    'Bearer abc',
    'Basic !!!',
    encoded('bob'),
    encoded(':builder'),
    encoded('bob:a\0b'),
  ])
    assert.equal(ask({ fields: { Authorization: value } }).status, 401, value);
  const twice: [string, string][] = [
    ['Authorization', encoded('bob:builder')],
    ['Authorization', encoded('alice:x')],
  ];
  assert.equal(ask({ fields: twice }).status, 401);
  assert.equal(checks.hashes.length, 0);
});

test('only some users, or those of a group', () => {
  const onlyAlice = guarded({ requirements: ['user alice carol'] });
  assert.equal(onlyAlice.signIn('alice', 'wonder:land').status, 200);
  assert.equal(onlyAlice.signIn('bob', 'builder').status, 401);
  const staff = guarded({ requirements: ['group staff'], groupFile });
  assert.equal(staff.signIn('bob', 'builder').status, 200);
  assert.equal(staff.signIn('alice', 'wonder:land').status, 401);
});

test('when too many sign in, one more is told to come again', () => {
  const { signIn, checks } = guarded();
  checks.isFull = true;
  const exchange = signIn('bob', 'builder');
  assert.equal(exchange.status, 503);
  assert.equal(exchange.field('Retry-After'), '1');
});

test('a client that goes while its password is checked is not served', () => {
  const { ask, checks, served } = guarded();
  const exchange = ask({ fields: basic('bob', 'builder') });
  exchange.leave();
  checks.finish();
  assert.equal(served.length, 0);
});

test('bad lines are named, and a file that cannot be read stops the start', () => {
  assert.deepEqual(guarded().lines, [
    `user-file: vivarium.toml:3: basic-auth: ${file}: line 4: no hash of bcrypt, $apr1$, $1$, $5$, $6$, {SHA} or {SSHA}`,
  ]);
  assert.throws(
    () => guarded({ file: '/nonexistent' }),
    /vivarium.toml:3: basic-auth: cannot read \/nonexistent as uid/,
  );
});

test('failures leave one line a second', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { signIn, lines } = guarded();
  signIn('bob', 'wrong');
  signIn('mallory', 'wrong');
  t.mock.timers.tick(1_000);
  assert.equal(
    lines.at(-1),
    'sign-in-failed: vivarium.toml:3: basic-auth: refused 2 within a second, the last of "mallory"',
  );
});
