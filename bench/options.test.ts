import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CASES } from './cases.ts';
import { parseOptions, UsageError } from './options.ts';
import { STACKS } from './peers/all.ts';

const names = (list: readonly { readonly name: string }[]) => list.map((each) => each.name);

test('without options everything is measured and the page is written', () => {
  const options = parseOptions([]);
  assert.deepEqual([options.cases, options.stacks, options.write], [CASES, STACKS, true]);
});

test('a part of the cases or stacks does not write the page', () => {
  const options = parseOptions([
    '--only',
    'flask,hello',
    '--peers',
    'gunicorn',
    '--rounds',
    '7',
    '--seconds',
    '3',
  ]);
  assert.deepEqual(names(options.cases), ['flask', 'hello']);
  assert.deepEqual(names(options.stacks), ['vivarium', 'gunicorn sync', 'gunicorn gthread']);
  assert.deepEqual([options.rounds, options.seconds, options.write], [7, 3, false]);
  assert.equal(parseOptions(['--quick']).write, false);
  assert.equal(parseOptions(['--no-write']).write, false);
});

test('a mistake is refused with what was found and what is allowed', () => {
  const refuses = (args: string[], message: RegExp) =>
    assert.throws(
      () => parseOptions(args),
      (error) => error instanceof UsageError && message.test(error.message),
    );
  refuses(['--only', 'helo'], /no case "helo"; there are hello, h2-hello, tls-hello, flask/);
  refuses(['--peers', 'nginx,iis'], /"iis".*there are vivarium, nginx/);
  refuses(['--rounds', '0'], /--rounds: found "0", allowed are whole numbers/);
  refuses(['--seconds', '1.5'], /--seconds: found "1.5"/);
  refuses(['--fast'], /--fast.*usage:/s);
});
