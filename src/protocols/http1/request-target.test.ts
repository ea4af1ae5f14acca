import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Refusal } from './refusal.ts';
import { isAuthority, parseTarget } from './request-target.ts';

type Parts = { path: string; query?: string; decodedPath?: string; authority?: string };

const accepted: [method: string, target: string, expected: Parts][] = [
  ['GET', '/', { path: '/' }],
  ['GET', '/a/b?x=1', { path: '/a/b', query: 'x=1' }],
  ['GET', '/a?', { path: '/a' }],
  ['GET', '/a?b?c', { path: '/a', query: 'b?c' }],
  ['GET', '//a//b/../c', { path: '//a//b/../c' }],
  ['GET', '/a#b?c', { path: '/a' }],
  ['GET', '/a?b#c', { path: '/a', query: 'b' }],
  ['GET', '/a%20b%2Fc%e2%82%ac', { path: '/a%20b%2Fc%e2%82%ac', decodedPath: '/a b/c\xe2\x82\xac' }],
  ['GET', '/a?%zz', { path: '/a', query: '%zz' }],
  ['GET', '/\xc3\xa9', { path: '/\xc3\xa9' }],
  ['GET', 'http://a.example/b?c', { path: '/b', query: 'c', authority: 'a.example' }],
  ['GET', 'HTTPS://a.example:8443', { path: '/', authority: 'a.example:8443' }],
  ['GET', 'http://a.example?c=/', { path: '/', query: 'c=/', authority: 'a.example' }],
  ['GET', 'http://a.example/#f', { path: '/', authority: 'a.example' }],
  ['GET', 'http://u:p@a.example/', { path: '/', authority: 'a.example' }],
  ['GET', 'http://[::1]:80/', { path: '/', authority: '[::1]:80' }],
  ['OPTIONS', '*', { path: '*' }],
  ['OPTIONS', '/', { path: '/' }],
  ['CONNECT', 'a.example:443', { path: '', authority: 'a.example:443' }],
  ['CONNECT', '[::1]:443', { path: '', authority: '[::1]:443' }],
];

test('targets of all four forms', () => {
  for (const [method, target, expected] of accepted) {
    const { path, query = '', decodedPath = path, authority = null } = expected;
    assert.deepEqual(parseTarget(method, target), { path, query, decodedPath, authority }, target);
  }
});

test('malformed targets', () => {
  const refused: [method: string, target: string][] = [
    ['GET', '*'],
    ['GET', '**'],
    ['OPTIONS', '*/'],
    ['GET', 'a/b'],
    ['GET', '?a'],
    ['GET', '#a'],
    ['GET', 'a.example:443'],
    ['GET', 'ftp://a.example/'],
    ['GET', 'http:/a.example/'],
    ['GET', 'http:///path'],
    ['GET', 'http://a.example#f'],
    ['GET', 'http://evil.example#@a.example/'],
    ['GET', 'http://u@/path'],
    ['GET', 'http://@a.example/'],
    ['GET', 'http://u@v@a.example/'],
    ['GET', 'http://evil.example\\@a.example/'],
    ['GET', 'http://\xe9@a.example/'],
    ['GET', 'http://a.example\\b/'],
    ['GET', 'http://a.example:80:80/'],
    ['GET', 'http://[::1/'],
    ['GET', '/%'],
    ['GET', '/%4'],
    ['GET', '/%4g'],
    ['GET', '/%+4'],
    ['GET', '/a%00b'],
    ['CONNECT', '/'],
    ['CONNECT', '*'],
    ['CONNECT', 'a.example'],
    ['CONNECT', 'a.example:'],
    ['CONNECT', ':443'],
    ['CONNECT', 'http://a.example:443'],
  ];
  for (const [method, target] of refused) {
    const result = parseTarget(method, target);
    assert.ok(result instanceof Refusal, `${method} ${target}`);
    assert.equal(result.status, 400);
  }
});

test('authorities', () => {
  for (const good of ['a', 'a.example', 'a_b.example:80', '127.0.0.1', 'a:', '[::1]', '[::1]:80', '%41'])
    assert.ok(isAuthority(good), good);
  for (const bad of [
    '',
    ':80',
    'a b',
    'a/b',
    'a@b',
    'a:x',
    'a:123456',
    '::1',
    '[::1',
    '[]',
    '[x]',
    'a?',
    'a\xe9',
    'a\n',
  ])
    assert.ok(!isAuthority(bad), bad);
});
