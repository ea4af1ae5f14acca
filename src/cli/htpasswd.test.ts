import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Circumstances, runCommand } from '../../test/support/fake-terminal.ts';
import { makeFolder } from '../../test/support/folder.ts';

function folder(t: TestContext, files: Record<string, string> = {}) {
  const cwd = makeFolder(t, files);
  const run = (argv: string, circumstances: Circumstances = {}) =>
    runCommand(['htpasswd', ...argv.split(' ')], { cwd, ...circumstances });
  return { run, file: path.join(cwd, 'users'), read: () => readFileSync(path.join(cwd, 'users'), 'utf8') };
}

const CHEAP = '--cost 4';

test('a user is added, found right and wrong, changed and deleted', async (t) => {
  const { run, file, read } = folder(t);
  assert.equal((await run(`users zoë ${CHEAP}`, { secrets: ['naïve', 'naïve'] })).printed, 'added zoë\n');
  assert.match(read(), /^zoë:\$2y\$04\$[./\w]{53}\n$/);
  assert.equal(statSync(file).mode & 0o777, 0o640);
  assert.equal((await run('users zoë --verify', { secrets: ['naïve'] })).status, 0);
  const wrong = await run('users zoë --verify', { secrets: ['naive'] });
  assert.deepEqual([wrong.status, wrong.printed], [1, 'the password of zoë is wrong\n']);
  assert.equal((await run('--stdin users zoë --method=sha512', { input: 'other' })).printed, 'changed zoë\n');
  assert.match(read(), /^zoë:\$6\$/);
  assert.equal((await run('users zoë --verify --stdin', { input: 'other' })).status, 0);
  assert.equal((await run('users zoë --delete')).printed, 'deleted zoë\n');
  assert.equal(read(), '');
});

test('a file for digest-auth: each realm has users of its own', async (t) => {
  const { run, read } = folder(t);
  const input = 'secret';
  assert.equal((await run('users zoë --digest Käse --stdin', { input })).printed, 'added zoë\n');
  assert.match(read(), /^zoë:Käse:[\da-f]{64}\n$/);
  await run('users zoë --digest Other --method both --stdin', { input });
  assert.match(read(), /^zoë:Käse:.*\nzoë:Other:[\da-f]{64}\nzoë:Other:[\da-f]{32}\n$/);
  assert.equal((await run('users zoë --digest Other --verify --stdin', { input })).status, 0);
  assert.equal((await run('users zoë --digest Other --verify --stdin', { input: 'x' })).status, 1);
  // One old hash beside the new one would keep the old password good.
  await run('users zoë --digest Other --method md5 --stdin', { input: 'new' });
  assert.equal(read().match(/zoë:Other/g)?.length, 1);
  // As htdigest writes it.
  const md5 = createHash('md5').update('zoë:Other:new').digest('hex');
  assert.ok(read().endsWith(`\nzoë:Other:${md5}\n`));
  assert.equal((await run('users zoë --digest Käse --delete')).printed, 'deleted zoë\n');
  assert.match(read(), /^zoë:Other:/);
  assert.match((await run('users zoë --digest Käse --delete')).told, /no user "zoë" in the realm "Käse"/);
});

test('other lines, mode and a symbolic link stay', async (t) => {
  const { run, file, read } = folder(t, { real: '# people\nbob:x\n' });
  const real = path.join(path.dirname(file), 'real');
  symlinkSync('real', file);
  chmodSync(real, 0o604);
  await run(`users alice ${CHEAP} --stdin`, { input: 'secret' });
  assert.match(read(), /^# people\nbob:x\nalice:\$2y\$/);
  assert.equal(statSync(real).mode & 0o777, 0o604);
  assert.equal(existsSync(`${real}.new`), false);
});

test('a password that is not the same twice, empty, unsendable or too long changes nothing', async (t) => {
  const { run, file } = folder(t);
  const told = async (argv: string, circumstances: Circumstances) => {
    const said = await run(argv, circumstances);
    assert.notEqual(said.status, 0);
    assert.equal(existsSync(file), false);
    return said.told;
  };
  assert.match(await told('users bob', { secrets: ['one', 'two'] }), /not the same/);
  assert.match(await told('users bob', {}), /no terminal .* --stdin/);
  assert.match(await told('users bob --stdin', { input: '' }), /empty password/);
  assert.match(await told('users bob --stdin', { input: 'a\tb' }), /control characters/);
  assert.match(
    await told('users bob --stdin', { input: 'x'.repeat(73) }),
    /73 bytes; allowed with bcrypt: 72/,
  );
});

test('mistakes', async (t) => {
  const { run } = folder(t, { users: 'bob:x\n' });
  for (const [argv, message] of [
    ['users', /found 1 arguments; allowed: FILE USER\n/],
    ['users bob secret', /a password never stands in a command/],
    ['users b:b', /USER: found "b:b"; allowed: a name without colons/],
    ['users bob --method md5', /--method: found "md5"; allowed: bcrypt, sha512, sha256, apr1/],
    ['users bob --cost 3', /--cost: found 3; allowed: a whole number from 4 to 15/],
    ['users bob --cost 99', /--cost: found "99"; allowed: a whole number from 0 to 15/],
    ['users bob --digest a:b', /--digest: found "a:b"; allowed: a realm without colons/],
    ['users bob --digest A --cost 5', /found --cost and --digest/],
    ['users bob --digest A --method apr1', /--method: found "apr1"; allowed: sha256, md5, both/],
    ['users bob --delet', /did you mean --delete\?/],
    ['users bob --delete --verify', /allowed: one of them/],
  ] as const) {
    const { status, told } = await run(argv);
    assert.equal(status, 2, argv);
    assert.match(told, message);
  }
});

test('a user who is not there, and a file that cannot be changed', async (t) => {
  const { run, file } = folder(t, { users: 'bob:x\n' });
  const missing = await run('users alice --delete');
  assert.deepEqual([missing.status, /has no user "alice"/.test(missing.told)], [1, true]);
  assert.match(
    (await run('none/users bob --stdin', { input: 'x' })).told,
    /^vivarium htpasswd: ENOENT: no such file/,
  );
  writeFileSync(`${file}.new`, '');
  assert.match((await run('users bob --stdin', { input: 'x' })).told, /users\.new is there: somebody else/);
});
