/** The admin listener of a real server: metrics that add up, health checks that tell the truth. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CountingLoad } from '../support/counting-load.ts';
import { makeFolder, textApplication } from '../support/folder.ts';
import { type MetricFamily, parseOpenMetrics } from '../support/openmetrics.ts';
import { NO_PROC } from '../support/processes.ts';
import { getOnce, RawClient } from '../support/raw-client.ts';
import { APPS, type Server, startServer } from '../support/vivarium.ts';

const ADMIN = ['--admin-listen', '127.0.0.1:0', '--no-access-log'];
const OPENMETRICS = 'Accept: application/openmetrics-text; version=1.0.0';

function adminPort(server: Server): number {
  return Number(/^Admin URL +: http:\/\/127\.0\.0\.1:(\d+)$/m.exec(server.output)![1]);
}

type Metrics = ReadonlyMap<string, MetricFamily>;

async function scrape(port: number): Promise<Metrics> {
  const { status, text } = await getOnce(port, '/metrics', [OPENMETRICS]);
  assert.equal(status, 200);
  return parseOpenMetrics(text);
}

/** Of all labels, or of those that have all of `labels`. */
function sum(metrics: Metrics, sample: string, ...labels: string[]): number {
  const family = metrics.get(sample.replace(/_(total|count|sum)$/, '')) ?? metrics.get(sample)!;
  let total = 0;
  for (const [key, value] of family.samples)
    if (key.replace(/\{.*/, '') === sample && labels.every((label) => key.includes(label))) total += value;
  return total;
}

/** Counters and histograms, which only rise. */
function rising(metrics: Metrics): Map<string, number> {
  const families = [...metrics.values()].filter(({ type }) => type !== 'gauge');
  return new Map(families.flatMap(({ samples }) => [...samples]));
}

test('counters under load, and after a worker was killed', { skip: NO_PROC }, async (t) => {
  const folder = makeFolder(t);
  const server = await startServer([
    `${APPS}counting.py`,
    ...['--processes', '2', '--threads', '2', ...ADMIN],
    ...['--setenv', 'COUNT_FILE', `${folder}/count`],
  ]);
  t.after(() => server.stop());
  const port = adminPort(server);
  const load = new CountingLoad(server.port, { connections: 8, query: '&ms=5' });
  await load.waitForAnswers(50);
  const before = await scrape(port);
  assert.equal(sum(before, 'vivarium_workers', 'state="active"'), 2);
  assert.equal(sum(before, 'vivarium_connections'), 8);
  assert.ok(sum(before, 'vivarium_requests_in_flight') <= 8);
  assert.ok(sum(before, 'vivarium_worker_resident_memory_bytes') > 2 ** 22);
  assert.ok(sum(before, 'vivarium_requests_total', 'method="GET"', 'status="2xx"') >= 50);

  const [, pid] = await server.waitForOutput(/worker 1 \(pid (\d+)\) is ready/);
  process.kill(Number(pid), 'SIGKILL');
  await server.waitForOutput(/worker-replaced/);
  await load.waitForAnswers(20);
  const tally = await load.stop();
  const after = await scrape(port);
  for (const [key, value] of rising(before)) {
    // A worker that is gone takes what is its own with it.
    if (!key.includes('worker="1"')) assert.ok(after.size > 0 && rising(after).get(key)! >= value, key);
  }
  assert.equal(sum(after, 'vivarium_worker_exits_total', 'reason="killed"'), 1);
  assert.equal(sum(after, 'vivarium_requests_total'), tally.answered.size);
  assert.equal(sum(after, 'vivarium_request_duration_seconds_count'), tally.answered.size);
  assert.equal(sum(after, 'vivarium_request_phase_seconds_count', 'phase="queue"'), tally.answered.size);
  assert.equal(sum(after, 'vivarium_requests_in_flight'), 0);
  const lost = [...tally.answered.values()].filter((status) => status === 502).length;
  assert.equal(sum(after, 'vivarium_requests_total', 'status="5xx"'), lost);
});

test('the pages, for people and for what should not be there', async (t) => {
  const folder = makeFolder(t, { 'wsgi.py': textApplication('x') });
  const server = await startServer([
    `${folder}/wsgi.py`,
    '--processes',
    '1',
    '--admin-listen',
    '127.0.0.1:0',
  ]);
  t.after(() => server.stop());
  const port = adminPort(server);
  assert.match((await getOnce(port, '/')).text, /\/metrics/);
  assert.equal((await getOnce(port, '/live')).text, 'live\n');
  assert.equal((await getOnce(port, '/ready')).text, 'ready\n');
  const plain = await getOnce(port, '/metrics');
  assert.equal(plain.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
  assert.match(plain.text, /^# TYPE vivarium_requests_total counter$/m);
  const open = await getOnce(port, '/metrics', [OPENMETRICS]);
  assert.equal(open.get('content-type'), 'application/openmetrics-text; version=1.0.0; charset=utf-8');
  assert.equal((await getOnce(port, '/metricsx')).status, 404);
  assert.equal((await getOnce(port, '/__proto__')).status, 404);
  const client = await RawClient.open(port);
  const posted = await client.post('/metrics', 'x');
  assert.deepEqual([posted.status, posted.get('allow')], [405, 'GET, HEAD']);
  assert.equal((await client.post('/metrics', 'x'.repeat(2_000))).status, 413);
  // Nothing of this is a request of the site.
  assert.equal(sum(await scrape(port), 'vivarium_requests_total'), 0);
  assert.equal((await getOnce(server.port, '/live')).text, 'x');
  await server.waitForOutput(/"GET \/live HTTP\/1.1" 200/);
  assert.doesNotMatch(server.output, /"GET \/metrics/);
});

test('ready says why not: the application cannot be loaded', async (t) => {
  const folder = makeFolder(t, { 'wsgi.py': 'raise RuntimeError("broken")\n' });
  const server = await startServer([`${folder}/wsgi.py`, '--processes', '2', ...ADMIN]);
  t.after(() => server.stop());
  const port = adminPort(server);
  const { status, text } = await getOnce(port, '/ready');
  assert.equal(status, 503);
  assert.match(
    text,
    /^not ready: no worker can be started: could not load the application: RuntimeError: broken$/m,
  );
  assert.equal((await getOnce(port, '/live')).status, 200);
  assert.equal(sum(await scrape(port), 'vivarium_ready'), 0);
});

test('drain-delay: not ready and still serving, until a second signal', async (t) => {
  const folder = makeFolder(t, { 'wsgi.py': textApplication('x') });
  const server = await startServer([
    `${folder}/wsgi.py`,
    '--processes',
    '1',
    '--drain-delay',
    '1h',
    ...ADMIN,
  ]);
  t.after(() => server.stop());
  const port = adminPort(server);
  server.signal('SIGTERM');
  await server.waitForOutput(/draining: .*listening stops in 3600 s/);
  assert.equal((await getOnce(port, '/ready')).text, 'not ready: the server is stopping\n');
  assert.equal((await getOnce(server.port, '/')).text, 'x');
  server.signal('SIGTERM');
  assert.deepEqual(await server.exited, { code: 0, signal: null });
  assert.match(server.output, /stopping: requests are finished first/);
});

test('drain-delay: listening stops by itself', async (t) => {
  const folder = makeFolder(t, { 'wsgi.py': textApplication('x') });
  const server = await startServer([`${folder}/wsgi.py`, '--processes', '1', '--drain-delay', '100ms']);
  t.after(() => server.stop());
  server.signal('SIGTERM');
  assert.deepEqual(await server.exited, { code: 0, signal: null });
});
