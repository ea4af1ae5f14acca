import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_LIMITS } from '../../../test/support/read-requests.ts';
import { Refusal } from '../http1/refusal.ts';
import { UNKNOWN } from '../response-fields.ts';
import { type GatewayRequest, readGatewayRequest } from './gateway-request.ts';

function read(...environ: string[]): GatewayRequest {
  const request = readGatewayRequest(['REQUEST_METHOD', 'GET', ...environ], DEFAULT_LIMITS);
  assert.ok(!(request instanceof Refusal), (request as Refusal).why);
  return request;
}

function refused(...environ: string[]): number {
  const request = readGatewayRequest(environ, DEFAULT_LIMITS);
  assert.ok(request instanceof Refusal);
  return request.status;
}

const fieldsOf = ({ fields }: GatewayRequest) =>
  fields.names.map(({ raw }, i) => `${raw}: ${fields.values[i]}`);

test('what nginx sends becomes a request', () => {
  const request = read(
    ...['QUERY_STRING', 'a=1', 'CONTENT_TYPE', '', 'CONTENT_LENGTH', '', 'REQUEST_URI', '/p?a=1'],
    ...[
      'PATH_INFO',
      '/p',
      'DOCUMENT_ROOT',
      '/var/www',
      'SERVER_PROTOCOL',
      'HTTP/2.0',
      'REQUEST_SCHEME',
      'https',
    ],
    ...['HTTPS', 'on', 'REMOTE_ADDR', '192.0.2.7', 'REMOTE_PORT', '4711', 'SERVER_PORT', '443'],
    ...['SERVER_NAME', 'shop.example', 'HTTP_HOST', 'www.shop.example', 'HTTP_USER_AGENT', 'curl'],
  );
  const { fields, variables, ...rest } = request;
  assert.deepEqual(rest, {
    ...{ method: 'GET', target: '/p?a=1', path: '/p', decodedPath: '/p', query: 'a=1', scriptName: '' },
    ...{ version: 'HTTP/2.0', scheme: 'https', authority: 'www.shop.example', contentLength: UNKNOWN },
    ...{ remoteAddress: '192.0.2.7', remotePort: 4711, localAddress: '', localPort: 443 },
  });
  assert.deepEqual(fieldsOf(request), ['User-Agent: curl', 'Host: www.shop.example']);
  assert.deepEqual(variables, ['DOCUMENT_ROOT', '/var/www', 'REQUEST_SCHEME', 'https', 'HTTPS', 'on']);
  assert.equal(fields.get('user-agent'), 'curl');
});

test('of a variable that is there twice the last value counts', () => {
  const uri = ['REQUEST_URI', '/'];
  assert.equal(read(...uri, 'HTTP_HOST', 'a.example', 'HTTP_HOST', 'b.example').authority, 'b.example');
  assert.equal(read(...uri, 'SERVER_NAME', '_', 'SERVER_NAME', 'b.example').authority, 'b.example');
  assert.deepEqual(fieldsOf(read(...uri, 'HTTP_A', '1', 'HTTP_A', '2')), ['A: 1', 'A: 2']);
});

test('a length told twice with different values is refused, and that of the client is not asked', () => {
  assert.equal(refused('REQUEST_METHOD', 'POST', 'CONTENT_LENGTH', '1', 'CONTENT_LENGTH', '2'), 400);
  const request = read(
    'CONTENT_LENGTH',
    '3',
    'HTTP_CONTENT_LENGTH',
    '9',
    'HTTP_TRANSFER_ENCODING',
    'chunked',
  );
  assert.equal(request.contentLength, 3);
  assert.deepEqual(fieldsOf(request), ['Content-Length: 3']);
});

test('a field that programs would take for a setting never comes through', () => {
  assert.deepEqual(fieldsOf(read('HTTP_PROXY', 'http://evil.example', 'HTTP_PROXY_X', '1')), ['Proxy-X: 1']);
});

test('the application gets no variable that would pass for one of the server', () => {
  const environ = ['wsgi.input', 'x', 'vivarium.request_id', 'y', 'A B', 'z', 'SERVER_SOFTWARE', 'nginx'];
  assert.deepEqual(read(...environ, 'REMOTE_USER', 'ann', 'uwsgi_x', '1').variables, [
    ...['REMOTE_USER', 'ann', 'uwsgi_x', '1'],
  ]);
});

test('a REMOTE_USER without a name is nobody', () => {
  assert.deepEqual(read('REMOTE_USER', '', 'AUTH_TYPE', 'Basic').variables, ['AUTH_TYPE', 'Basic']);
});

test('a certificate has its line breaks, and no variable a NUL', () => {
  assert.deepEqual(read('SSL_CLIENT_CERT', 'a\nb').variables, ['SSL_CLIENT_CERT', 'a\nb']);
  assert.equal(refused('REQUEST_METHOD', 'GET', 'SSL_CLIENT_CERT', 'a\0b'), 400);
  assert.equal(refused('REQUEST_METHOD', 'GET', 'PATH_INFO', '/a\0b'), 400);
});

test('the scheme is told in several ways', () => {
  assert.equal(read('HTTPS', 'on').scheme, 'https');
  assert.equal(read('HTTPS', '1').scheme, 'https');
  assert.equal(read('HTTPS', 'off', 'REQUEST_SCHEME', 'https').scheme, 'http');
  assert.equal(read('HTTPS', '', 'REQUEST_SCHEME', 'https').scheme, 'https');
  assert.equal(read('HTTPS', 'on', 'UWSGI_SCHEME', 'http').scheme, 'http');
  assert.equal(read().scheme, 'http');
});

test('an address that is none is nobody', () => {
  assert.equal(read('REMOTE_ADDR', 'unix:').remoteAddress, '');
  assert.equal(read('REMOTE_ADDR', '::ffff:192.0.2.7').remoteAddress, '192.0.2.7');
  assert.equal(read('REMOTE_PORT', '99999').remotePort, 0);
});

test('the version is that between client and front', () => {
  const of = (text: string) => read('SERVER_PROTOCOL', text).version;
  assert.deepEqual(['HTTP/1.0', 'HTTP/2', 'HTTP/3.0', 'INCLUDED'].map(of), [
    'HTTP/1.0',
    'HTTP/2.0',
    'HTTP/3.0',
    'HTTP/1.1',
  ]);
});

const REFUSED: Record<string, [number, ...string[]]> = {
  'no method': [400],
  'a method in lower case': [400, 'REQUEST_METHOD', 'get'],
  CONNECT: [405, 'REQUEST_METHOD', 'CONNECT'],
  'a line break in a field': [400, 'REQUEST_METHOD', 'GET', 'HTTP_A', 'x\r\nHost: y'],
  'a line break in the URI': [400, 'REQUEST_METHOD', 'GET', 'REQUEST_URI', '/a\r\nb'],
  'a line break in the query': [400, 'REQUEST_METHOD', 'GET', 'QUERY_STRING', 'a\nb'],
  'a space in the query': [400, 'REQUEST_METHOD', 'GET', 'QUERY_STRING', 'a b'],
  'a NUL in the path': [400, 'REQUEST_METHOD', 'GET', 'REQUEST_URI', '/%00'],
  'a host that is none': [400, 'REQUEST_METHOD', 'GET', 'HTTP_HOST', 'a/b'],
  'a length that is none': [400, 'REQUEST_METHOD', 'GET', 'CONTENT_LENGTH', '-1'],
  'a name that is none': [400, 'REQUEST_METHOD', 'GET', 'HTTP_A:B', 'x'],
  'an empty name': [400, 'REQUEST_METHOD', 'GET', 'HTTP_', 'x'],
  'a path without a slash': [400, 'REQUEST_METHOD', 'GET', 'PATH_INFO', 'a'],
  'a long URI': [414, 'REQUEST_METHOD', 'GET', 'REQUEST_URI', `/${'a'.repeat(8190)}`],
  'a long field': [431, 'REQUEST_METHOD', 'GET', 'HTTP_A', 'a'.repeat(8190)],
  'many fields': [431, 'REQUEST_METHOD', 'GET', ...Array.from({ length: 101 }, () => ['HTTP_A', 'b']).flat()],
};
for (const [what, [status, ...environ]] of Object.entries(REFUSED)) {
  test(`refused: ${what}`, () => assert.equal(refused(...environ), status));
}
