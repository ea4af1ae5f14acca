import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hashPassword } from '../../base/passwords/scheme.ts';
import { PasswordChecks } from './password-checks.ts';

const hash = hashPassword(Buffer.from('secret'), 'bcrypt', 4);
/** So slow that all that follows has to wait. */
const slow = hashPassword(Buffer.from('secret'), 'bcrypt', 10);

function checksFor(t: { after(fn: () => void): void }): PasswordChecks {
  const checks = new PasswordChecks();
  t.after(() => checks.close());
  return checks;
}

function check(checks: PasswordChecks, password: string, client = 'one'): Promise<boolean> {
  return new Promise((resolve, reject) => {
    if (!checks.check(hash, Buffer.from(password), client, resolve)) reject(new Error('turned away'));
  });
}

test('passwords are checked in another thread', async (t) => {
  const checks = checksFor(t);
  assert.deepEqual(await Promise.all([check(checks, 'secret'), check(checks, 'wrong')]), [true, false]);
});

test('few may wait, and fewer of one client', async (t) => {
  const checks = checksFor(t);
  const ignore = () => {};
  const secret = Buffer.from('secret');
  for (let i = 0; i < 8; i++) assert.equal(checks.check(slow, secret, 'greedy', ignore), true);
  assert.equal(checks.check(slow, secret, 'greedy', ignore), false);
  const other = check(checks, 'secret', 'modest');
  for (let i = 0; i < 55; i++) assert.equal(checks.check(hash, secret, `client ${i}`, ignore), true);
  assert.equal(checks.check(hash, secret, 'one more', ignore), false);
  assert.equal(await other, true);
  assert.equal(checks.check(hash, secret, 'greedy', ignore), true);
});

test('a thread that ends has found nothing right, and the next check has another one', async (t) => {
  const checks = checksFor(t);
  const lost = check(checks, 'secret');
  checks.close();
  assert.equal(await lost, false);
  assert.equal(await check(checks, 'secret'), true);
});
