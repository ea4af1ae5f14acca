import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compilePattern } from './pattern.ts';

function caught(pattern: string, text: string) {
  const found = compilePattern(pattern)!(text);
  return found === null ? null : { ...found };
}

test('a text is compared as it is', () => {
  assert.deepEqual(caught('/about', '/about'), {});
  assert.equal(caught('/about', '/about/'), null);
  assert.equal(caught('/a.c', '/abc'), null);
});

test('a star stands for any characters, which are caught', () => {
  assert.deepEqual(caught('/static/*', '/static/a/b'), { 1: 'a/b' });
  assert.deepEqual(caught('/static/*', '/static/'), { 1: '' });
  assert.equal(caught('/static/*', '/static'), null);
  assert.deepEqual(caught('/*/x/*.php', '/a/x/b/c.php'), { 1: 'a', 2: 'b/c' });
  assert.equal(caught('*.php', '/x.php5'), null);
  assert.deepEqual(caught('*', ''), { 1: '' });
});

test('a regular expression catches by number and by name', () => {
  assert.deepEqual(caught('~^/user/(?<id>\\d+)(/edit)?$', '/user/7'), { 1: '7', 2: '', id: '7' });
  assert.equal(caught('~^/user/', '/User/'), null);
  assert.deepEqual(caught('~*^/user/', '/User/'), {});
  assert.deepEqual(caught('~^/go/(.*)$', '/go/a\r\nb'), { 1: 'a\r\nb' });
  assert.equal(compilePattern('~('), null);
});

test('other characters are compared by their bytes', () => {
  const bytes = Buffer.from('/é/x').latin1Slice();
  assert.deepEqual(caught('/é/*', bytes), { 1: 'x' });
  assert.deepEqual(caught('~^/é/', bytes), {});
});
