import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { FakeExchange, type FakeRequest } from '../../../test/support/fake-exchange.ts';
import type { SendfileSettings } from '../../config/sections/sendfile.ts';
import type { Exchange } from '../../exchange.ts';
import { createLog } from '../../telemetry/log.ts';
import { sendfile } from './sendfile.ts';

const directory = mkdtempSync(join(tmpdir(), 'vivarium-sendfile-'));
after(() => rmSync(directory, { recursive: true }));
const allowed = join(directory, 'allowed');
mkdirSync(join(allowed, 'sub'), { recursive: true });
mkdirSync(join(directory, 'allowed-not'));
const BODY = 'x'.repeat(300_000);
const MODIFIED = new Date('2026-11-20T02:47:42Z');
for (const [name, text] of [
  ['allowed/a.txt', BODY],
  ['allowed/caf\u00e9.txt', 'caf\u00e9'],
  ['allowed/100%25.txt', 'percent'],
  ['allowed/sub/b.txt', 'b'],
  ['allowed-not/c.txt', 'secret'],
  ['secret.txt', 'secret'],
] as const) {
  writeFileSync(join(directory, name), text);
  utimesSync(join(directory, name), MODIFIED, MODIFIED);
}
symlinkSync(join(directory, 'secret.txt'), join(allowed, 'link.txt'));

const messages: string[] = [];
const log = createLog('test', 'info', (line) => messages.push(line));
const SETTINGS: SendfileSettings = {
  directories: [allowed],
  locations: [
    { url: '/protected', directory: allowed },
    { url: '/protected/deep', directory: join(allowed, 'sub') },
  ],
  symlinks: 'follow',
};

type Answer = (exchange: Exchange) => void;

async function ask(
  answer: Answer,
  request: FakeRequest = {},
  settings: Partial<SendfileSettings> = {},
): Promise<FakeExchange> {
  const exchange = new FakeExchange(request);
  sendfile({ ...SETTINGS, ...settings }, { log })(answer)(exchange);
  await exchange.finished;
  return exchange;
}

const names =
  (name: string, value: string, more: readonly string[] = []): Answer =>
  (exchange) =>
    exchange.respond(200, ['Content-Type', 'text/x', name, value, ...more], 'the body of the application');

const bytes = (text: string) => Buffer.from(text, 'utf8').latin1Slice();

test('the file is sent with the fields of the application, in whatever way it answers', async () => {
  const more = [
    'Set-Cookie',
    'a=b',
    'Content-Disposition',
    'attachment',
    'X-Accel-Buffering',
    'no',
    'Content-Length',
    '5',
  ];
  const inParts: Answer = (exchange) => {
    exchange.start(200, ['Content-Type', 'text/x', 'X-Sendfile', `${allowed}/a.txt`, ...more]);
    assert.equal(exchange.write('other '), true);
    exchange.write('bytes');
    exchange.end();
  };
  for (const answer of [
    names('X-Sendfile', `${allowed}/a.txt`, more),
    names('x-accel-redirect', '/protected/a.txt', more),
    inParts,
  ]) {
    const exchange = await ask(answer);
    assert.equal(exchange.status, 200);
    assert.ok(exchange.text === BODY);
    const fields = exchange.responseFields;
    assert.deepEqual(fields.slice(0, 6), [
      'Content-Type',
      'text/x',
      'Content-Disposition',
      'attachment',
      'Set-Cookie',
      'a=b',
    ]);
    assert.equal(exchange.field('content-length'), String(BODY.length));
    assert.equal(exchange.field('last-modified'), MODIFIED.toUTCString());
    for (const name of ['x-sendfile', 'x-accel-redirect', 'x-accel-buffering'])
      assert.equal(exchange.field(name), null);
  }
});

test('conditions and ranges of the request', async () => {
  const answer = names('X-Sendfile', `${allowed}/a.txt`, ['Set-Cookie', 'a=b']);
  const { responseFields } = await ask(answer);
  const etag = responseFields[responseFields.indexOf('ETag') + 1]!;
  const notModified = await ask(answer, { fields: { 'If-None-Match': etag } });
  assert.deepEqual([notModified.status, notModified.text, notModified.field('set-cookie')], [304, '', 'a=b']);
  const part = await ask(answer, { fields: { Range: 'bytes=1-3' } });
  assert.deepEqual(
    [part.status, part.text, part.field('content-range')],
    [206, 'xxx', `bytes 1-3/${BODY.length}`],
  );
  assert.equal((await ask(answer, { method: 'HEAD' })).field('content-length'), String(BODY.length));
  // The tag of the application counts, and only GET and HEAD have conditions.
  const tagged = names('X-Sendfile', `${allowed}/a.txt`, ['ETag', '"mine"']);
  assert.equal((await ask(tagged, { fields: { 'If-None-Match': '"mine"' } })).status, 304);
  assert.equal(
    (await ask(tagged, { method: 'POST', fields: { 'If-None-Match': '*', Range: 'bytes=0-1' } })).status,
    200,
  );
  const failed: Answer = (exchange) => exchange.respond(404, ['X-Sendfile', `${allowed}/a.txt`], '');
  assert.equal((await ask(failed, { fields: { Range: 'bytes=0-1' } })).status, 404);
});

test('X-Sendfile is a path of the file system, X-Accel-Redirect the path of a URL', async () => {
  const cases: [name: string, value: string, text: string | null][] = [
    ['X-Sendfile', `${allowed}/sub/../sub//b.txt`, 'b'],
    ['X-Sendfile', bytes(`${allowed}/caf\u00e9.txt`), 'caf\u00e9'],
    ['X-Sendfile', `${allowed}/caf\u00e9.txt`, 'caf\u00e9'],
    ['X-Sendfile', `${allowed}/100%25.txt`, 'percent'],
    ['X-Sendfile', 'allowed/sub/b.txt', null],
    ['X-Accel-Redirect', '/protected/caf%C3%A9.txt?x=1', 'caf\u00e9'],
    ['X-Accel-Redirect', '/protected/100%2525.txt', 'percent'],
    ['X-Accel-Redirect', '/protected/deep/b.txt', 'b'],
    ['X-Accel-Redirect', '/protected/%', null],
    ['X-Accel-Redirect', '@named', null],
  ];
  for (const [name, value, text] of cases) {
    const exchange = await ask(names(name, value));
    assert.equal(exchange.status, text === null ? 404 : 200, value);
    if (text !== null) assert.equal(Buffer.from(exchange.text, 'latin1').toString(), text);
  }
});

test('nothing else is ever sent, and the log says what was asked for', async () => {
  for (const [name, value] of [
    ['X-Sendfile', `${directory}/secret.txt`],
    ['X-Sendfile', `${allowed}/../secret.txt`],
    ['X-Sendfile', `${allowed}-not/c.txt`],
    ['X-Sendfile', '/etc/passwd'],
    ['X-Sendfile', ''],
    ['X-Sendfile', `${allowed}/sub`],
    ['X-Sendfile', `${allowed}/missing`],
    ['X-Accel-Redirect', '/protected/../../secret.txt'],
    ['X-Accel-Redirect', '/protected/%2e%2e/secret.txt'],
    ['X-Accel-Redirect', '/protected/..%2fsecret.txt'],
    ['X-Accel-Redirect', '/protected-not/c.txt'],
    ['X-Accel-Redirect', `${allowed}/a.txt`],
    ['X-Accel-Redirect', '/protected/a.txt%00'],
  ] as const) {
    const exchange = await ask(names(name, value));
    assert.equal(exchange.status, 404, value);
    assert.doesNotMatch(exchange.text, /secret|passwd/);
    assert.match(messages.at(-1)!, new RegExp(`sendfile-failed: .*${name.toLowerCase()}`), value);
  }
  const off = await ask(names('X-Accel-Redirect', '/protected/a.txt'), {}, { locations: [] });
  assert.equal(off.status, 404);
});

test('links as they are allowed', { skip: process.platform !== 'linux' && 'needs /proc' }, async () => {
  const answer = names('X-Sendfile', `${allowed}/link.txt`);
  assert.equal((await ask(answer)).text, 'secret');
  assert.equal((await ask(answer, {}, { symlinks: 'none' })).status, 404);
});

test('other answers pass untouched, also when they are given up', async () => {
  const plain = await ask((exchange) =>
    exchange.respond(200, ['X-Sendfiles', 'x', 'X-Sendfile2', 'y'], 'plain'),
  );
  assert.equal(plain.text, 'plain');
  const bodyless = await ask((exchange) => exchange.respond(304, ['X-Sendfile', `${allowed}/a.txt`], ''));
  assert.equal(bodyless.status, 304);
  assert.equal((await ask((exchange) => exchange.abort(502, 'gone'))).status, 502);
});

test('a client that leaves meanwhile gets nothing, and the application hears of it', () => {
  let told = false;
  const exchange = new FakeExchange();
  sendfile(SETTINGS, { log })((inner) => {
    inner.onGone = () => {
      told = true;
    };
    inner.start(200, ['X-Sendfile', `${allowed}/a.txt`]);
  })(exchange);
  exchange.leave();
  assert.ok(told);
  assert.equal(exchange.status, 0);
});
