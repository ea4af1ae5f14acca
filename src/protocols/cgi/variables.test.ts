import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anOutgoingRequest } from '../../../test/support/outgoing-request.ts';
import type { OutgoingGatewayRequest } from '../gateway-protocol.ts';
import { cgiVariables } from './variables.ts';

function variables(changes: Partial<OutgoingGatewayRequest> = {}, bodySize = 0): Map<string, string> {
  const list = cgiVariables(anOutgoingRequest(changes), bodySize);
  return new Map(Array.from({ length: list.length / 2 }, (_, i) => [list[2 * i]!, list[2 * i + 1]!]));
}

test('what RFC 3875 and the parameter files of nginx have', () => {
  const request = { scriptName: '/shop', pathInfo: '/a b', target: '/shop/a%20b?x=1', query: 'x=1' };
  const { SERVER_SOFTWARE: software, ...others } = Object.fromEntries(variables(request, 3));
  assert.match(software!, /^vivarium\/\d/);
  assert.deepEqual(others, {
    CONTENT_LENGTH: '3',
    REQUEST_METHOD: 'GET',
    SCRIPT_NAME: '/shop',
    PATH_INFO: '/a b',
    QUERY_STRING: 'x=1',
    REQUEST_URI: '/shop/a%20b?x=1',
    DOCUMENT_URI: '/shop/a b',
    SERVER_PROTOCOL: 'HTTP/1.1',
    REQUEST_SCHEME: 'http',
    GATEWAY_INTERFACE: 'CGI/1.1',
    SERVER_NAME: 'example.org',
    SERVER_PORT: '80',
    SERVER_ADDR: '192.0.2.1',
    REMOTE_ADDR: '192.0.2.9',
    REMOTE_PORT: '5000',
    HTTP_HOST: 'example.org',
  });
});

test('HTTPS is said where the client speaks it', () => {
  assert.equal(variables({ scheme: 'https' }).get('HTTPS'), 'on');
  assert.equal(variables().has('HTTPS'), false);
});

test('repeated fields are joined', () => {
  const fields = ['Cookie', 'a=1', 'Cookie', 'b=2', 'Accept', 'a/b', 'accept', 'c/d'];
  const made = variables({ fields });
  assert.equal(made.get('HTTP_COOKIE'), 'a=1; b=2');
  assert.equal(made.get('HTTP_ACCEPT'), 'a/b, c/d');
});

test('no field passes for another one', () => {
  const fields = [
    'Proxy',
    'http://evil',
    'X_Real_IP',
    '1.2.3.4',
    'Content-Length',
    '9',
    'Content-Type',
    'a/b',
  ];
  const made = variables({ fields });
  for (const name of ['HTTP_PROXY', 'HTTP_X_REAL_IP', 'HTTP_CONTENT_LENGTH', 'HTTP_CONTENT_TYPE'])
    assert.equal(made.has(name), false, name);
  assert.equal(made.get('CONTENT_TYPE'), 'a/b');
  assert.equal(made.get('CONTENT_LENGTH'), '0');
});

test('variables of the route count before those of the request', () => {
  const made = variables({ variables: ['SERVER_NAME', 'inner', 'APP_MODE', 'live', 'CONTENT_LENGTH', '7'] });
  assert.equal(made.get('SERVER_NAME'), 'inner');
  assert.equal(made.get('APP_MODE'), 'live');
  assert.equal(made.get('CONTENT_LENGTH'), '0');
});
