import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseListenAddress, resolveListenAddress } from './listen-address.ts';

test('every kind of address is understood', () => {
  const tcp = (host: string, port: number) => ({ kind: 'tcp', host, port });
  assert.deepEqual(parseListenAddress('127.0.0.1:8000'), tcp('127.0.0.1', 8000));
  assert.deepEqual(parseListenAddress('localhost:0'), tcp('localhost', 0));
  assert.deepEqual(parseListenAddress(':80'), tcp('0.0.0.0', 80));
  assert.deepEqual(parseListenAddress('[::1]:8080'), tcp('::1', 8080));
  assert.deepEqual(parseListenAddress('[::]:8080'), tcp('::', 8080));
  assert.deepEqual(parseListenAddress('unix:/run/app.sock'), { kind: 'unix', path: '/run/app.sock' });
  assert.deepEqual(parseListenAddress('fd:3'), { kind: 'fd', fd: 3 });
  assert.deepEqual(parseListenAddress('proxy://:80'), { ...tcp('0.0.0.0', 80), proxied: true });
  assert.deepEqual(parseListenAddress('http://[::1]:80'), tcp('::1', 80));
  const scgi = { kind: 'unix', path: '/run/app.sock', protocol: 'scgi' };
  assert.deepEqual(parseListenAddress('scgi://unix:/run/app.sock'), scgi);
  const both = parseListenAddress('proxy+https://[::1]:443');
  assert.deepEqual(both, { ...tcp('::1', 443), proxied: true, tls: true });
});

test('what is no address is null', () => {
  const socket = `unix:/${'x'.repeat(107)}`;
  for (const text of [
    '',
    '8000',
    'host',
    'host:',
    '::1:80',
    '[::1]',
    '[nonsense]:80',
    ':65536',
    ':-1',
    'unix:',
    'ftp://:80',
    'proxy+scgi://:80',
    'scgi://unix:',
    'https+proxy://:80',
    socket,
  ]) {
    assert.equal(parseListenAddress(text), null, text);
  }
  for (const text of ['fd:', 'fd:x', 'fd:2', 'fd:0', 'fd:99999999999'])
    assert.equal(parseListenAddress(text), null, text);
});

test('the path of a socket is that of a directory', () => {
  assert.equal(resolveListenAddress('unix:a', '/d'), 'unix:/d/a');
  assert.equal(resolveListenAddress('scgi://unix:a', '/d'), 'scgi://unix:/d/a');
  assert.equal(resolveListenAddress('scgi://:80', '/d'), 'scgi://:80');
});
