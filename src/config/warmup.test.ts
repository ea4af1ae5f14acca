import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMounted, warmupRequest } from './warmup.ts';

test('a path is asked of localhost, a URL says the host', () => {
  assert.deepEqual(warmupRequest('/a%20b/%C3%A9?x=1?&y=%20', '/'), {
    url: '/a%20b/%C3%A9?x=1?&y=%20',
    scheme: 'http',
    host: 'localhost',
    uri: '/a%20b/%C3%A9?x=1?&y=%20',
    scriptName: '',
    pathInfo: '/a b/\xc3\xa9',
    query: 'x=1?&y=%20',
  });
  assert.deepEqual(warmupRequest('HTTPS://[::1]:8443/shop/health', '/shop/'), {
    url: 'HTTPS://[::1]:8443/shop/health',
    scheme: 'https',
    host: '[::1]:8443',
    uri: '/shop/health',
    scriptName: '/shop',
    pathInfo: '/health',
    query: '',
  });
});

test('only paths below the mount point are those of the application', () => {
  assert.equal(isMounted('/shop?x', '/shop'), true);
  assert.equal(isMounted('http://a/shop/x', '/shop'), true);
  assert.equal(isMounted('/shopping', '/shop'), false);
  assert.equal(isMounted('/caf%C3%A9/x', '/café'), true);
  assert.equal(isMounted('/anything', '/'), true);
});
