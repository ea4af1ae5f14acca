import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readEnvironment } from './environment.ts';

function read(environment: Record<string, string>) {
  const { given, mistakes } = readEnvironment(environment, '/srv');
  return {
    values: given.map(({ name, key, raw }) => (key === null ? [name, raw] : [name, key, raw])),
    mistakes,
  };
}

test('a variable is a setting', () => {
  assert.deepEqual(readEnvironment({ VIVARIUM_KEEP_ALIVE_TIMEOUT: '5' }, '/srv'), {
    given: [
      {
        name: 'keep-alive-timeout',
        key: null,
        raw: 5,
        origin: { kind: 'environment', variable: 'VIVARIUM_KEEP_ALIVE_TIMEOUT' },
        directory: '/srv',
      },
    ],
    mistakes: [],
  });
});

test('other variables are none of ours: also PORT', () => {
  assert.deepEqual(read({ PORT: '80', HOME: '/root', XVIVARIUM_PORT: '1' }), { values: [], mistakes: [] });
});

test('an empty variable counts as unset', () => {
  assert.deepEqual(read({ VIVARIUM_USER: '', VIVARIUM_NONSENSE: '' }), { values: [], mistakes: [] });
});

test('lists are separated by commas, or by line breaks', () => {
  assert.deepEqual(read({ VIVARIUM_LISTEN: ':1, unix:/a,' }).values, [['listen', [':1', 'unix:/a']]]);
  assert.deepEqual(read({ VIVARIUM_PYTHON_PATH: '/a,b\n/c\n' }).values, [['python-path', ['/a,b', '/c']]]);
});

test('entries of a map have = between key and value', () => {
  assert.deepEqual(read({ VIVARIUM_SETENV: 'A=1,B=x=y,C=' }).values, [
    ['setenv', 'A', '1'],
    ['setenv', 'B', 'x=y'],
    ['setenv', 'C', ''],
  ]);
  assert.deepEqual(read({ VIVARIUM_SETENV: 'A' }).values, [['setenv', 'A', undefined]]);
});

test('an unknown variable gets a suggestion', () => {
  assert.deepEqual(read({ VIVARIUM_THREDS: '8', VIVARIUM_SOMETHING_ELSE: 'x' }).mistakes, [
    'VIVARIUM_THREDS: no such setting; did you mean VIVARIUM_THREADS?',
    'VIVARIUM_SOMETHING_ELSE: no such setting',
  ]);
});
