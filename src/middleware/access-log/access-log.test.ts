import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FakeExchange, type FakeRequest } from '../../../test/support/fake-exchange.ts';
import type { Handler } from '../../handler.ts';
import { observe } from '../observe.ts';
import { accessLog } from './access-log.ts';

/** The line that an exchange leaves. */
function lineOf(
  format: string,
  request: FakeRequest = {},
  handler: Handler = (x) => x.respond(200, [], 'Hello'),
): string {
  const lines: string[] = [];
  const exchange = new FakeExchange(request);
  observe([accessLog(format, (line) => lines.push(line))])(handler)(exchange);
  assert.equal(lines.length, 1, 'one line an exchange');
  assert.match(lines[0]!, /^[^\n]*\n$/);
  return lines[0]!.slice(0, -1);
}

test('a user who has signed in', () => {
  const signIn: Handler = (exchange) => {
    exchange.environ = ['REMOTE_USER', 'Zo\xeb "Z"'];
    exchange.respond(200, [], '');
  };
  assert.equal(lineOf('%u', {}, signIn), 'Zo\\xeb \\"Z\\"');
  assert.equal(JSON.parse(lineOf('json', {}, signIn)).user, 'Zo\xeb "Z"');
  assert.equal(JSON.parse(lineOf('json')).user, undefined);
});

const browser = { target: '/x?y=1', fields: { Referer: 'http://here/', 'User-Agent': 'Curl/8 "q"' } };
const when = (() => {
  const date = new Date(Date.UTC(2026, 10, 21, 2, 47, 42, 123));
  const two = (n: number) => String(n).padStart(2, '0');
  const offset = -date.getTimezoneOffset();
  const zone = `${offset < 0 ? '-' : '+'}${two(Math.floor(Math.abs(offset) / 60))}${two(Math.abs(offset) % 60)}`;
  const month = date.toLocaleString('en-US', { month: 'short' });
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return `[${two(date.getDate())}/${month}/${date.getFullYear()}:${time} ${zone}]`;
})();

test('common and combined are those of Apache', () => {
  const common = `192.0.2.7 - - ${when} "GET /x?y=1 HTTP/1.1" 200 5`;
  assert.equal(lineOf('common', browser), common);
  assert.equal(lineOf('combined', browser), `${common} "http://here/" "Curl/8 \\"q\\""`);
  assert.equal(lineOf('combined'), `192.0.2.7 - - ${when} "GET / HTTP/1.1" 200 5 "-" "-"`);
});

test('json is one object, null where there is nothing', () => {
  assert.deepEqual(JSON.parse(lineOf('json', browser)), {
    time: '2026-11-21T02:47:42.123Z',
    remote: '192.0.2.7',
    method: 'GET',
    target: '/x?y=1',
    protocol: 'HTTP/1.1',
    status: 200,
    bytes: 5,
    duration_ms: 12.345,
    referer: 'http://here/',
    user_agent: 'Curl/8 "q"',
    host: 'example.org:8000',
    request_id: '4f2a9c017be3d865',
    worker_pid: null,
    outcome: 'complete',
  });
  const bare = JSON.parse(
    lineOf('json', { remoteAddress: '', authority: '' }, (x) => (x as FakeExchange).leave()),
  );
  assert.equal(bare.remote, null);
  assert.equal(bare.host, null);
  assert.equal(bare.status, 499);
  assert.equal(bare.outcome, 'client-gone');
});

test('every outcome leaves a line with a status', () => {
  const ended =
    (outcome: 'timed-out' | 'aborted'): Handler =>
    (exchange) => {
      (exchange as FakeExchange).outcome = outcome;
      exchange.onFinished!(exchange);
    };
  assert.equal(
    lineOf('%s', {}, (x) => (x as FakeExchange).leave()),
    '499',
  );
  assert.equal(lineOf('%s %X', {}, ended('timed-out')), '408 X');
  assert.equal(lineOf('%s', {}, ended('aborted')), '-');
  const cut: Handler = (exchange) => {
    exchange.start(200, []);
    exchange.write('half');
    exchange.abort(500, 'broken');
  };
  assert.equal(lineOf('%>s %B %X', {}, cut), '200 4 X');
});

const wireText = fc.array(fc.integer({ min: 0, max: 255 })).map((bytes) => String.fromCharCode(...bytes));

test('whatever a client sends, a line is one line of printable ASCII whose quotes are those of the format', () => {
  fc.assert(
    fc.property(wireText, wireText, wireText, (target, agent, method) => {
      const request = { method, target, decodedPath: target, query: target, fields: { 'User-Agent': agent } };
      const line = lineOf('"%r" "%U%q" "%{User-Agent}i" %m', request);
      assert.match(line, /^[\x20-\x7e]*$/);
      assert.match(line, /^"(?:[^"\\]|\\.)*" "(?:[^"\\]|\\.)*" "(?:[^"\\]|\\.)*" (?:[^"\\]|\\.)*$/);
    }),
  );
});

test('json keeps the bytes of the wire as latin-1, in ASCII', () => {
  fc.assert(
    fc.property(
      wireText.filter((text) => text !== ''),
      (text) => {
        const line = lineOf('json', { target: text, path: '/', fields: { 'User-Agent': text } });
        assert.match(line, /^[\x20-\x7e]*$/);
        assert.equal(JSON.parse(line).target, text);
        assert.equal(JSON.parse(line).user_agent, text);
      },
    ),
  );
});
