import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readFlags } from './flags.ts';

function read(...argv: string[]) {
  const { given, mistakes, target, switches } = readFlags(argv, '/srv', ['json']);
  const values = given.map(({ name, key, raw }) => (key === null ? [name, raw] : [name, key, raw]));
  return { values, mistakes, target, switches: [...switches] };
}

test('a value follows its flag, as the next argument or behind =', () => {
  const { values, target, mistakes } = read('--port', '80', 'wsgi.py', '--host=::1');
  assert.deepEqual(values, [
    ['port', 80],
    ['host', '::1'],
  ]);
  assert.equal(target, 'wsgi.py');
  assert.deepEqual(mistakes, []);
});

test('a value may contain = and begin with one dash', () => {
  assert.deepEqual(read('--access-log-format=%{a=b}e', '--user', '-x').values, [
    ['access-log-format', '%{a=b}e'],
    ['user', '-x'],
  ]);
});

test('every given value knows its flag and what it is relative to', () => {
  assert.deepEqual(readFlags(['--pid-file', 'x'], '/srv').given, [
    {
      name: 'pid-file',
      key: null,
      raw: 'x',
      origin: { kind: 'flag', flag: '--pid-file' },
      directory: '/srv',
    },
  ]);
});

test('switches need no value and have an opposite', () => {
  assert.deepEqual(read('--access-log').values, [['access-log', true]]);
  assert.deepEqual(read('--no-access-log').values, [['access-log', false]]);
  assert.deepEqual(read('--access-log=off').values, [['access-log', false]]);
  assert.deepEqual(read('--no-access-log=x').mistakes, ['--no-access-log: found "x"; allowed: no argument']);
});

test('of a repeated setting the last one counts, a list takes all, a map one for each key', () => {
  assert.deepEqual(read('--port', '1', '--port', '2').values, [['port', 2]]);
  assert.deepEqual(read('--listen', ':1', '--listen', ':2').values, [['listen', [':1', ':2']]]);
  assert.deepEqual(read('--setenv', 'A', '1', '--setenv', 'B', '2', '--setenv', 'A', '3').values, [
    ['setenv', 'A', '3'],
    ['setenv', 'B', '2'],
  ]);
});

test('-- ends the flags', () => {
  assert.equal(read('--', '--odd-name.py').target, '--odd-name.py');
});

test("a command's own switches are told apart", () => {
  assert.deepEqual(read('--json', '--port', '1'), {
    values: [['port', 1]],
    mistakes: [],
    target: null,
    switches: ['json'],
  });
});

test('a flag without its arguments says what it takes', () => {
  assert.deepEqual(read('--port').mistakes, ['--port: found nothing after it; allowed: --port PORT']);
  assert.deepEqual(read('--port', '--host', 'x').mistakes, [
    '--port: found nothing after it; allowed: --port PORT',
  ]);
  assert.deepEqual(read('--setenv', 'A').mistakes, [
    '--setenv: found only "A" after it; allowed: --setenv NAME VALUE',
  ]);
});

test('an unknown flag gets a suggestion, and what follows it is not mistaken for a TARGET', () => {
  const { mistakes, target } = read('--prot', '80', 'wsgi.py', '--acess-log', '--no-acces-log');
  assert.deepEqual(mistakes, [
    '--prot: no such option; did you mean --port?',
    '--acess-log: no such option; did you mean --access-log?',
    '--no-acces-log: no such option; did you mean --no-access-log?',
  ]);
  assert.equal(target, 'wsgi.py');
});

test('other spellings of a setting are suggested too', () => {
  assert.deepEqual(read('--VIVARIUM_THREADS').mistakes, [
    '--VIVARIUM_THREADS: no such option; did you mean --threads?',
  ]);
  assert.deepEqual(read('-port', '80').mistakes, ['-port: no such option; did you mean --port?']);
  assert.deepEqual(read('--jsn').mistakes, ['--jsn: no such option; did you mean --json?']);
  assert.deepEqual(read('--reverse-proxy-to').mistakes, ['--reverse-proxy-to: no such option']);
  assert.deepEqual(read('--no-port').mistakes, ['--no-port: no such option; did you mean --port?']);
});

test('there is one TARGET', () => {
  assert.deepEqual(read('a.py', 'b.py').mistakes, ['TARGET: found "a.py" and "b.py"; allowed: one']);
});
