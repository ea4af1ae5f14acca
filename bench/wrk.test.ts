import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseWrk } from './wrk.ts';

const output = (extra = '') => `Running 1s test @ http://127.0.0.1:18400/
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.34ms    2.67ms  49.76ms   95.04%
    Req/Sec    17.28k     3.46k   20.43k    75.00%
  Latency Distribution
     50%  620.00us
     75%    1.01ms
     90%    2.32ms
     99%    1.02s 
  17195 requests in 1.00s, 2.05MB read
${extra}Requests/sec:  17148.21
Transfer/sec:      2.04MB
`;

test('reads the counts and percentiles of wrk, whatever their unit', () => {
  // wrk pads a percentile in seconds with a blank at the end of the line.
  assert.deepEqual(parseWrk(output()), {
    requests: 17195,
    requestsPerSecond: 17148.21,
    p50Ms: 0.62,
    p99Ms: 1020,
    problems: [],
  });
});

test('reports failed connections and wrong answers', () => {
  const errors = '  Socket errors: connect 0, read 3, write 0, timeout 1\n  Non-2xx or 3xx responses: 7\n';
  assert.deepEqual(parseWrk(output(errors)).problems, [
    'Socket errors: connect 0, read 3, write 0, timeout 1',
    'Non-2xx or 3xx responses: 7',
  ]);
});

test('takes a run without answers for a problem', () => {
  const silent = output().replace('17195 requests', '0 requests');
  assert.deepEqual(parseWrk(silent).problems, ['no request was answered']);
});

test('refuses output that is no result', () => {
  assert.throws(() => parseWrk('unable to connect to 127.0.0.1:1 Connection refused\n'), /unable to connect/);
});
