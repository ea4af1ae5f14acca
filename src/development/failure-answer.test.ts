import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeExchange, type FakeRequest } from '../../test/support/fake-exchange.ts';
import { BrokenCode } from './broken-code.ts';
import { answerFailure } from './failure-answer.ts';
import { type FailureReport, parseFailureReport, splitFailure } from './failure-report.ts';

const FRAME = {
  file: '/app/<b>.py',
  line: 2,
  function: '<lambda>',
  first: 1,
  source: ['a', 'if a < "b":', ''],
};
const REPORT: FailureReport = {
  summary: 'ValueError: <script>alert(1)</script>',
  text: 'Traceback (most recent call last):\n  </pre><b>\n',
  exceptions: [
    {
      title: 'ValueError: <script>alert(1)</script>',
      relation: null,
      frames: [{ ...FRAME, isApplication: true }],
    },
    { title: 'KeyError: "x"', relation: 'cause', frames: [{ ...FRAME, isApplication: false }] },
  ],
  environ: { 'HTTP_X_"EVIL': "<img src='x' onerror=alert(1)>" },
};
const LOCAL: FakeRequest = {
  remoteAddress: '127.0.0.1',
  authority: 'localhost',
  fields: { Accept: 'text/html' },
};

function answer(request: FakeRequest, report = REPORT): FakeExchange | null {
  const exchange = new FakeExchange(request);
  return answerFailure(exchange, 500, report) ? exchange : null;
}

const fieldOf = ({ responseFields }: FakeExchange, name: string) =>
  responseFields[responseFields.indexOf(name) + 1];

test('a browser gets a page on which nothing of the report is markup', () => {
  const exchange = answer({ ...LOCAL, target: '/<i>?"' })!;
  assert.equal(exchange.status, 500);
  assert.match(fieldOf(exchange, 'Content-Type')!, /^text\/html/);
  assert.match(fieldOf(exchange, 'Content-Security-Policy')!, /default-src 'none'/);
  const page = exchange.text;
  for (const markup of ['<script', '<b>', '<i>', '<img', '</pre><b>', 'X_"EVIL'])
    assert.ok(!page.includes(markup), markup);
  assert.ok(page.includes('<mark><span class="number">2</span>if a &lt; &quot;b&quot;:</mark>'));
  assert.ok(page.includes('This was the cause of it:'));
  assert.ok(page.includes('GET /&lt;i&gt;?&quot;'));
  assert.ok(page.includes('&lt;img src=&#39;x&#39; onerror=alert(1)&gt;'));
});

test('anybody else on this machine gets the bare text', () => {
  for (const fields of [{}, { Accept: '*/*' }, { Accept: 'application/json' }]) {
    const exchange = answer({ ...LOCAL, fields })!;
    assert.match(fieldOf(exchange, 'Content-Type')!, /^text\/plain/);
    assert.equal(exchange.text, REPORT.text);
  }
});

test('others get nothing of it, and nobody once the answer has begun', () => {
  assert.equal(answer({ ...LOCAL, remoteAddress: '192.0.2.7' }), null);
  const begun = new FakeExchange(LOCAL);
  begun.start(200, []);
  assert.ok(!answerFailure(begun, 500, REPORT));
});

test('while the newest code cannot be loaded its author sees why, and others the application', () => {
  const broken = new BrokenCode();
  const handle = broken.shownBefore((exchange) => exchange.respond(200, [], 'the old code'));
  const ask = (request: FakeRequest) => {
    const exchange = new FakeExchange(request);
    handle(exchange);
    return [exchange.status, exchange.text.includes('ValueError')];
  };
  assert.deepEqual(ask(LOCAL), [200, false]);
  broken.report = { ...REPORT, environ: null };
  assert.deepEqual(ask(LOCAL), [503, true]);
  assert.deepEqual(ask({ ...LOCAL, remoteAddress: '192.0.2.7' }), [200, false]);
  broken.report = null;
  assert.deepEqual(ask(LOCAL), [200, false]);
});

test('a report that is not what it should be is none', () => {
  const json = JSON.stringify(REPORT);
  assert.deepEqual(parseFailureReport(json), REPORT);
  assert.deepEqual(splitFailure(`why\0${json}`), { why: 'why', report: REPORT });
  assert.deepEqual(splitFailure('why'), { why: 'why', report: null });
  for (const wrong of [
    { summary: 7 },
    { exceptions: [{}] },
    { exceptions: [{ title: 'x', relation: 'friend', frames: [] }] },
    {
      exceptions: [{ title: 'x', relation: null, frames: [{ ...FRAME, source: [7], isApplication: true }] }],
    },
    { environ: { a: 1 } },
  ])
    assert.equal(parseFailureReport(JSON.stringify({ ...REPORT, ...wrong })), null, JSON.stringify(wrong));
  for (const wrong of ['', '{', 'null', '[]', '7']) assert.equal(parseFailureReport(wrong), null, wrong);
  assert.equal(parseFailureReport(undefined), null);
});
