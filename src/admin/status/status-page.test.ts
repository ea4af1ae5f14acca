import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FakeExchange, type FakeRequest } from '../../../test/support/fake-exchange.ts';
import type { RequestInFlight, SupervisorReport, UpstreamReport } from '../../control/messages.ts';
import { ServerFigures } from '../server-figures.ts';
import { statusPage } from './status-page.ts';
import type { StatusSources } from './status-report.ts';

const SLOW: RequestInFlight = {
  application: 'shop',
  id: 'a-1',
  method: 'GET',
  target: '/slow?<script>alert(1)</script>',
  client: '192.0.2.7',
  worker: 3,
  pid: 77,
  phase: 'running',
  ageMs: 12_300,
  stack: null,
};

const REPORT: SupervisorReport = {
  type: 'supervisor-report',
  startedAtMs: Date.now() - 3_600_000,
  workersWanted: { shop: 1 },
  workers: [
    { application: 'shop', worker: 3, state: 'active', usage: { residentBytes: 50 * 2 ** 20, cpuMs: 1_500 } },
  ],
  supervisor: null,
  gateway: { residentBytes: 80 * 2 ** 20, cpuMs: 2_000 },
  workerExits: {},
  gatewayExits: 0,
};

const API: UpstreamReport = {
  upstream: 'api',
  queued: 2,
  servers: [
    {
      server: '10.0.0.1:8000',
      state: 'failing',
      weight: 1,
      isBackup: true,
      busy: 3,
      requests: 50,
      failures: 7,
      idleConnections: 4,
    },
  ],
};

function sources(): StatusSources {
  const figures = new ServerFigures(() => queueMicrotask(() => figures.supervisorReported(REPORT)));
  for (const status of [200, 200, 404]) {
    const exchange = new FakeExchange();
    figures.counts.begin(() => {})(exchange);
    exchange.onFinished = figures.counts.end;
    exchange.respond(status, [], 'x'.repeat(1024));
  }
  const identity = { worker: 3, threads: 4 };
  const worker = { identity, pid: 77, state: 'active', load: 1, answeredTotal: 2 };
  const shop = { name: 'shop', queue: { length: 5 }, whyUnavailable: null, workers: new Map([[3, worker]]) };
  return {
    figures,
    applications: [shop],
    connections: () => ({ open: 7, accepted: 9, turnedAway: 1, limited: 0 }),
    upstreams: () => [API],
    requestsInFlight: async () => [SLOW],
  };
}

async function ask(request: FakeRequest = {}, allow: readonly string[] = []): Promise<FakeExchange> {
  const exchange = new FakeExchange({ remoteAddress: '127.0.0.1', ...request });
  statusPage({ allow }, sources())(exchange);
  await exchange.finished;
  return exchange;
}

describe('formats', () => {
  test('text begins with the lines of Apache, so that its readers can read it', async () => {
    const { text } = await ask({ target: '/server-status?auto' });
    assert.match(text, /^Total Accesses: 3$/m);
    assert.match(text, /^Total kBytes: 3$/m);
    assert.match(text, /^Uptime: 360\d$/m);
    assert.match(text, /^BusyWorkers: 1\nIdleWorkers: 3$/m);
    assert.match(text, /^Requests Queued: 5$/m);
    assert.match(text, /^Responses 4xx: 1$/m);
    assert.match(text, /^Scoreboard: W___$/m);
    assert.doesNotMatch(text, /worker 3/);
    const whole = await ask();
    assert.equal(whole.field('content-type'), 'text/plain; charset=utf-8');
    assert.match(
      whole.text,
      /^ {2}worker 3 \(pid 77\) active: 1 in flight on 4 threads, 2 answered, 50\.0M$/m,
    );
    assert.match(
      whole.text,
      /^upstream api: 2 queued\n {2}10\.0\.0\.1:8000 failing \(backup\): 3 in flight, 50 requests, 7 failed$/m,
    );
    assert.match(whole.text, /^ {2}12s running in worker 3: GET \/slow\?<script>.* from 192\.0\.2\.7$/m);
  });

  test('JSON by Accept or by the query', async () => {
    for (const request of [
      { target: '/server-status?format=json' },
      { fields: { Accept: 'application/json' } },
    ]) {
      const answer = await ask(request);
      assert.equal(answer.field('content-type'), 'application/json');
      const report = JSON.parse(answer.text);
      assert.equal(report.requests.total, 3);
      assert.equal(report.requests.byStatus['2xx'], 2);
      assert.equal(report.requests.byMethod.GET, 3);
      assert.equal(report.applications[0].workers[0].usage.residentBytes, 50 * 2 ** 20);
      assert.deepEqual(report.upstreams, [API]);
      assert.equal(report.inFlight[0].ageMs, 12_300);
    }
  });

  test('HTML runs nothing that a client has sent, and comes again when that is asked for', async () => {
    const fields = { Accept: 'text/html,application/xhtml+xml' };
    const answer = await ask({ target: '/server-status?refresh=5', fields });
    assert.match(answer.field('content-security-policy')!, /^default-src 'none'/);
    assert.equal(answer.field('refresh'), '5');
    assert.match(answer.text, /&lt;script&gt;/);
    assert.match(answer.text, /<h2>api .*2 queued<\/span><\/h2>[\s\S]*<td>failing, backup<\/td>/);
    assert.doesNotMatch(answer.text, /<script/);
    for (const refresh of ['0', '-1', 'x', '5;url=http://evil.example', ''])
      assert.equal((await ask({ target: `/s?refresh=${refresh}`, fields })).field('refresh'), null, refresh);
  });
});

describe('who may see it', () => {
  const statusOf = async (request: FakeRequest, allow?: readonly string[]) =>
    (await ask(request, allow)).status;

  test('clients on this machine, but not those whom a proxy on it brings', async () => {
    for (const remoteAddress of ['127.0.0.1', '127.8.8.8', '::1'])
      assert.equal(await statusOf({ remoteAddress }), 200, remoteAddress);
    for (const remoteAddress of ['192.0.2.7', '', '2001:db8::1'])
      assert.equal(await statusOf({ remoteAddress }), 403, remoteAddress);
    assert.equal(await statusOf({ fields: { 'X-Forwarded-For': '192.0.2.7' } }), 403);
    assert.equal(await statusOf({ fields: { Forwarded: 'for=192.0.2.7' } }), 403);
  });

  test('or those who are allowed', async () => {
    const allow = ['192.0.2.0/24'];
    assert.equal(await statusOf({ remoteAddress: '192.0.2.7' }, allow), 200);
    assert.equal(await statusOf({ remoteAddress: '127.0.0.1' }, allow), 403);
  });

  test('with GET and HEAD', async () => {
    const answer = await ask({ method: 'POST' });
    assert.deepEqual([answer.status, answer.field('allow')], [405, 'GET, HEAD']);
  });
});
