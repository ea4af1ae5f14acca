import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseUpstreamAddress, parseUpstreamUrl } from './upstream-address.ts';

const where = (text: string) => {
  const address = parseUpstreamAddress(text);
  if (address === null) return null;
  const { scheme, host, port, path, service } = address;
  return [scheme, path ?? service ?? `${host} ${port}`];
};

test('addresses of servers', () => {
  const addresses: [text: string, expected: unknown][] = [
    ['10.0.0.1:8000', [null, '10.0.0.1 8000']],
    ['app', [null, 'app 80']],
    ['[::1]:8000', [null, '::1 8000']],
    ['unix:/run/app.sock', [null, '/run/app.sock']],
    ['srv:_http._tcp.app', [null, '_http._tcp.app']],
    ['https://app', ['https', 'app 443']],
    ['scgi://10.0.0.1', ['scgi', '10.0.0.1 4000']],
    ['uwsgi://[::1]', ['uwsgi', '::1 3031']],
    ['fastcgi://unix:/run/php.sock', ['fastcgi', '/run/php.sock']],
    ['gopher://10.0.0.1', null],
    ['constructor://10.0.0.1', null],
    ['scgi:10.0.0.1', null],
    ['scgi://', null],
    ['scgi://unix:', null],
    ['uwsgi://10.0.0.1:0', null],
    ['uwsgi://10.0.0.1/path', null],
    ['uwsgi://user@10.0.0.1', null],
  ];
  for (const [text, expected] of addresses) assert.deepEqual(where(text), expected, text);
});

test('URLs of servers', () => {
  const parts = (text: string) => {
    const url = parseUpstreamUrl(text);
    return url && [url.server, url.authority, url.address.scheme, url.path];
  };
  const urls: [text: string, expected: unknown][] = [
    ['http://10.0.0.1:3000', ['http://10.0.0.1:3000', '10.0.0.1:3000', 'http', '']],
    ['uwsgi://app/x/', ['uwsgi://app', 'app', 'uwsgi', '/x/']],
    ['unix:/run/app.sock', ['unix:/run/app.sock', 'localhost', null, '']],
    ['scgi://unix:/run/app.sock', ['scgi://unix:/run/app.sock', 'localhost', 'scgi', '']],
    ['scgi://unix:/run/app.sock:/', ['scgi://unix:/run/app.sock', 'localhost', 'scgi', '/']],
    ['http://unix:run/app.sock:/v1/', ['http://unix:run/app.sock', 'localhost', 'http', '/v1/']],
    ['10.0.0.1:3000', null],
    ['app', null],
    ['ftp://app', null],
    ['srv:_http._tcp.app', null],
    ['http://app/?a=1', null],
    ['http://user@app/', null],
  ];
  for (const [text, expected] of urls) assert.deepEqual(parts(text), expected, text);
});
