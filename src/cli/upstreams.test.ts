import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRequest } from '../control/parse-request.ts';
import { upstreamsRequest } from './upstreams.ts';

test('the words of the command are a request', () => {
  const requests: [words: string, upstream: string | null, change: object | null][] = [
    ['', null, null],
    ['api', 'api', null],
    ['api drain a:1', 'api', { server: 'a:1', change: { state: 'draining' } }],
    ['disable a:1', null, { server: 'a:1', change: { state: 'disabled' } }],
    ['api enable a:1', 'api', { server: 'a:1', change: { state: 'up' } }],
    ['api weight a:1 7', 'api', { server: 'a:1', change: { weight: 7 } }],
  ];
  for (const [words, upstream, change] of requests) {
    const request = upstreamsRequest(words.split(' ').filter(Boolean));
    assert.deepEqual(request, { command: 'upstreams', upstream, change }, words);
    assert.deepEqual(parseRequest(JSON.stringify(request)), request);
  }
});

test('mistakes are named', () => {
  const mistakes: Record<string, RegExp> = {
    'api foo a:1': /found "foo"; allowed: drain, disable or enable/,
    'api drain': /found drain without a server/,
    'api drain a:1 b:1': /found "b:1"/,
    'api weight a:1': /found ""; allowed: a whole number from 1 to 10000/,
    'api weight a:1 0': /found "0"/,
    'api weight a:1 1 2': /found "1"/,
  };
  for (const [words, message] of Object.entries(mistakes))
    assert.throws(() => upstreamsRequest(words.split(' ')), message);
});

test('what is no request of the command is refused by the server', () => {
  const changes = [
    { server: 1, change: { state: 'up' } },
    { server: 'a', change: { state: 'gone' } },
    { server: 'a', change: { weight: 0 } },
    { server: 'a', change: { weight: 1e6 } },
    { server: 'a' },
  ];
  for (const change of changes)
    assert.equal(parseRequest(JSON.stringify({ command: 'upstreams', upstream: null, change })), null);
  assert.equal(parseRequest('{"command":"upstreams","upstream":1}'), null);
});
