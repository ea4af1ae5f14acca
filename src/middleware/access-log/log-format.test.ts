import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeExchange } from '../../../test/support/fake-exchange.ts';
import { compileLogFormat } from './log-format.ts';

function answered(
  settings: ConstructorParameters<typeof FakeExchange>[0] = {},
  status = 200,
  body = 'Hello',
): FakeExchange {
  const exchange = new FakeExchange(settings);
  exchange.workerPid = 4711;
  exchange.durationMs = 1234.5678;
  exchange.respond(status, ['Content-Type', 'text/plain', 'Set-Cookie', 'a', 'set-cookie', 'b'], body);
  return exchange;
}

const exchange = answered({
  method: 'POST',
  target: '/caf%C3%A9?q="',
  fields: [
    ['X-Y', 'one'],
    ['x-y', 'two'],
  ],
});

test('each directive', () => {
  const cases: Record<string, string> = {
    '%%': '%',
    '%a %{c}a %h': '192.0.2.7 192.0.2.7 192.0.2.7',
    '%A': '127.0.0.1',
    '%B %b': '5 5',
    '%D': '1234568',
    '%T %{s}T %{ms}T %{us}T': '1 1 1234 1234568',
    '%f %l %u': '- - -',
    '%H': 'HTTP/1.1',
    '%{X-Y}i': 'one, two',
    '%{Missing}i': '-',
    '%{content-type}o': 'text/plain',
    '%{Set-Cookie}o': 'a, b',
    '%L': '4f2a9c017be3d865',
    '%m': 'POST',
    '%p %{canonical}p %{local}p %{remote}p': '8000 8000 8000 40001',
    '%P %{pid}P': '4711 4711',
    '%q': '?q=\\"',
    '%r': 'POST /caf%C3%A9?q=\\" HTTP/1.1',
    '%s %>s %<s': '200 200 200',
    '%U': '/caf\\xc3\\xa9',
    '%v %V': 'example.org example.org',
    '%X': '+',
    '%{sec}t %{msec}t %{msec_frac}t %{usec_frac}t': '1795229262 1795229262123 123 123000',
    '%{begin:msec}t %{end:msec}t': '1795229262123 1795229263357',
    'plain \\"text\\"\\t\\\\ \\x': 'plain "text"\t\\ \\x',
    '': '',
  };
  for (const [format, line] of Object.entries(cases))
    assert.equal(compileLogFormat(format)(exchange), line, format);
});

test('what is not there is a dash', () => {
  const empty = answered({ remoteAddress: '', authority: '' }, 204, '');
  empty.workerPid = 0;
  assert.equal(compileLogFormat('%h %v %b %B %P %q.')(empty), '- - - 0 - .');
});

test('a request that could not be read', () => {
  const unreadable = answered({ method: '-', target: '-' }, 400, '');
  assert.equal(compileLogFormat('"%r" %>s %m %U')(unreadable), '"-" 400 - -');
});

test('hosts and protocols of other kinds', () => {
  const v6 = answered({ authority: '[2001:db8::1]:8443', version: 'HTTP/2.0' });
  assert.equal(compileLogFormat('%v %H')(v6), '[2001:db8::1] HTTP/2.0');
});

test('the state of the connection', () => {
  const status = compileLogFormat('%X');
  assert.equal(status(answered({ fields: { Connection: 'Close' } })), '-');
  assert.equal(status(answered({ version: 'HTTP/1.0' })), '-');
  assert.equal(status(answered({ version: 'HTTP/1.0', fields: { Connection: 'Keep-Alive' } })), '+');
});

test('conditions on the status', () => {
  const notFound = answered({ fields: { 'User-Agent': 'x' } }, 404);
  const cases: Record<string, string> = {
    '%404{User-Agent}i': 'x',
    '%400,404{User-Agent}i': 'x',
    '%400,501{User-Agent}i': '-',
    '%!404{User-Agent}i': '-',
    '%!200,304,302{User-Agent}i': 'x',
    '%404>s': '404',
    '%>404s': '404',
  };
  for (const [format, line] of Object.entries(cases))
    assert.equal(compileLogFormat(format)(notFound), line, format);
});

test('a mistake is told with its place, what was found and what is allowed', () => {
  const cases: [string, RegExp][] = [
    ['%h %Z', /position 4 of "%h %Z": unknown directive "%Z"; allowed are %% %a %A %b .* %X$/],
    ['%', /position 1 of "%": unknown directive "%"/],
    ['x%{y', /position 2 .*unknown directive "%\{"/],
    ['%i', /"%i" needs the name of a request header field in braces/],
    ['%{}o', /needs the name of a response header field/],
    ['%{HOME}e', /"%\{HOME\}e" is not supported, because the environment/],
    ['%k', /is not supported/],
    ['%I %O', /position 1 .*only body bytes are counted/],
    ['%{ns}T', /"%\{ns\}T" has no argument \{ns\}; allowed: \{s\}, \{ms\}, \{us\}/],
    ['%{x}h', /allowed: \{c\}/],
    ['%{x}m', /allowed: none/],
    ['%{%Q}t', /unknown time code "%Q"; allowed are %a %A/],
    ['%20x{Referer}i', /unknown directive "%20x"/],
    ['%999{Referer}i', /"999" is no status code; allowed are 100 to 599/],
    ['%200,{Referer}i', /"" is no status code/],
    ['%{a}^ti', /unknown directive "%\{a\}\^t"/],
    ['%{constructor}T', /has no argument/],
  ];
  for (const [format, message] of cases) assert.throws(() => compileLogFormat(format), { message }, format);
});
