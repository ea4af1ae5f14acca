import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeExchange } from '../../../test/support/fake-exchange.ts';
import { proxyTo } from '../../config/sections/proxy.ts';
import { cgiVariables } from '../../protocols/cgi/variables.ts';
import { gatewayRequest } from './gateway-request.ts';
import { outgoingRequest } from './request-head.ts';

test('which script is run is for us to say, not for a front of ours', () => {
  const exchange = new FakeExchange({ path: '/a.php' });
  exchange.environ = ['SCRIPT_FILENAME', '/uploads/photo.jpg', 'REMOTE_USER', 'ann'];
  const settings = proxyTo('fastcgi://127.0.0.1:9000');
  const script = { name: '/a.php', pathInfo: '', variables: ['SCRIPT_FILENAME', '/www/a.php'] };
  const outgoing = outgoingRequest(exchange, settings);
  const request = gatewayRequest(exchange, outgoing, script, { settings, params: [] }, '127.0.0.1:9000');
  const variables = cgiVariables(request, 0);
  const variable = (name: string) => variables[variables.indexOf(name) + 1];
  assert.deepEqual([variable('SCRIPT_FILENAME'), variable('REMOTE_USER')], ['/www/a.php', 'ann']);
});
