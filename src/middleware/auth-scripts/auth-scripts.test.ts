import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerChallenge, parseChallenge } from '../../../test/support/digest-client.ts';
import { FakeExchange, type FakeRequest } from '../../../test/support/fake-exchange.ts';
import { digestOf } from '../../base/passwords/htdigest.ts';
import type { AuthScriptsSettings } from '../../config/sections/auth-scripts.ts';
import type { Exchange } from '../../exchange.ts';
import type { Handler } from '../../handler.ts';
import { createLog } from '../../telemetry/log.ts';
import { authScripts } from './auth-scripts.ts';

const settings: AuthScriptsSettings = {
  accessScript: null,
  userScript: '/auth.py',
  groupScript: null,
  type: 'Basic',
  nonceLifetimeMs: 300_000,
  realm: 'Here',
  requirements: ['valid-user'],
  passAuthorization: false,
  place: 'x',
};

type Scripts = (question: Record<string, string | null>) => unknown;

/** `scripts` answers in the place of the worker; a text is sent as it is. */
function guarded(scripts: Scripts | null, changes: Partial<AuthScriptsSettings> = {}) {
  const questions: Record<string, string | null>[] = [];
  const served: Exchange[] = [];
  const worker: Handler = (exchange) => {
    const at = exchange.environ!.indexOf('vivarium.auth_question');
    const question = JSON.parse(exchange.environ![at + 1]!);
    questions.push(question);
    const findings = scripts!(question);
    if (findings === null) return exchange.abort(500, 'The application failed.');
    exchange.respond(
      200,
      [],
      typeof findings === 'string' ? findings : Buffer.from(JSON.stringify(findings)),
    );
  };
  const log = createLog('test', 'error', () => {});
  const application = () => (scripts === null ? null : { handle: worker });
  const handle = authScripts(
    { ...settings, ...changes },
    { application, log, nonceKey: Buffer.alloc(32) },
  )((exchange) => {
    served.push(exchange);
    exchange.respond(200, [], 'served');
  });
  const ask = async (request: FakeRequest = {}) => {
    const exchange = new FakeExchange(request);
    handle(exchange);
    await exchange.finished;
    return exchange;
  };
  return { ask, questions, served };
}

const basic = (user: string, password: string) => ({
  Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
});
const found = (user: string | null, groups: string[] = []) => ({
  allowed: true,
  user,
  realmHash: null,
  groups,
});

test('the script is asked, and the application hears who it is', async () => {
  const { ask, questions, served } = guarded(({ password }) =>
    found(password === 'na\xc3\xafve' ? 'zoë' : null),
  );
  assert.equal((await ask({ fields: basic('zoë', 'naïve') })).status, 200);
  assert.deepEqual(questions, [
    {
      accessScript: null,
      userScript: '/auth.py',
      groupScript: null,
      user: 'zo\xc3\xab',
      password: 'na\xc3\xafve',
      realm: null,
    },
  ]);
  assert.deepEqual(served[0]!.environ, ['REMOTE_USER', 'zo\xc3\xab', 'AUTH_TYPE', 'Basic']);
  assert.equal(served[0]!.request.fields.get('authorization'), null);
  const refused = await ask({ fields: basic('zoë', 'wrong') });
  assert.deepEqual(
    [refused.status, refused.field('www-authenticate')],
    [401, 'Basic realm="Here", charset="UTF-8"'],
  );
});

test('who brings no password costs no question', async () => {
  const { ask, questions } = guarded(() => found('x'));
  assert.equal((await ask()).status, 401);
  assert.equal(questions.length, 0);
});

test('the access script comes first', async () => {
  const { ask, served } = guarded(() => ({ ...found(null), allowed: false }), { accessScript: '/access.py' });
  assert.equal((await ask()).status, 403);
  assert.equal((await ask({ fields: basic('a', 'b') })).status, 403);
  assert.equal(served.length, 0);
  const alone = guarded(() => found(null), { accessScript: '/access.py', userScript: null });
  assert.equal((await alone.ask()).status, 200);
  assert.equal(alone.served[0]!.environ, null);
});

test('users must be in one of the groups', async () => {
  const changes = { groupScript: '/groups.py', requirements: ['group staff wheel'] };
  const { ask } = guarded(({ user }) => found(user!, user === 'a' ? ['x', 'wheel'] : ['x']), changes);
  assert.equal((await ask({ fields: basic('a', 'b') })).status, 200);
  assert.equal((await ask({ fields: basic('b', 'b') })).status, 401);
});

test('a script that fails, answers nonsense or does not run lets nobody through', async () => {
  for (const scripts of [
    () => null,
    () => 'x',
    () => '{}',
    () => '{"allowed":1,"user":"a","realmHash":null,"groups":[]}',
    () => '{"allowed":true,"user":"a","realmHash":"secret","groups":[]}',
    null,
  ]) {
    const { ask, served } = guarded(scripts);
    assert.equal((await ask({ fields: basic('a', 'b') })).status, 500);
    assert.equal(served.length, 0);
  }
});

test('a name cannot break a variable', async () => {
  const { ask, served } = guarded(() => found('a\0b\nc'));
  await ask({ fields: basic('a', 'b') });
  assert.equal(served[0]!.environ![1], 'abc');
});

test('Digest: the script says the hash, and the answer is checked here', async () => {
  const realmHash = digestOf('MD5', 'joe:Here:secret');
  const { ask, questions, served } = guarded(
    ({ user }) => ({ ...found(null, ['staff']), realmHash: user === 'joe' ? realmHash : null }),
    { type: 'Digest', groupScript: '/auth.py', requirements: ['group staff'] },
  );
  const to = parseChallenge((await ask()).field('WWW-Authenticate')!);
  assert.equal(to.algorithm, 'MD5');
  assert.equal(questions.length, 0);
  const signIn = (user: string, password: string) =>
    ask({ fields: { Authorization: answerChallenge(to, { user, password }) } });
  assert.equal((await signIn('joe', 'wrong')).status, 401);
  assert.equal((await signIn('ann', 'secret')).status, 401);
  assert.equal((await ask({ fields: basic('joe', 'secret') })).status, 401);
  const right = await signIn('joe', 'secret');
  assert.equal(right.status, 200);
  assert.match(right.field('Authentication-Info')!, /rspauth=/);
  assert.deepEqual(served[0]!.environ, ['REMOTE_USER', 'joe', 'AUTH_TYPE', 'Digest']);
  assert.equal(questions.at(-1)!.realm, 'Here');
  const replayed = await signIn('joe', 'secret');
  assert.match(replayed.field('WWW-Authenticate')!, /stale=true/);
});
