/**
 * The public HTTP cache tests (https://cache-tests.fyi, npm http-cache-tests) against a real server with a cache before
 * the reverse proxy, which asks the origin server of the suite. Its kinds: *required* is what HTTP demands, *optimal*
 * what a good cache does, and *check* only shows how caches differ, so it is not judged here.
 *
 * Every test counts by itself: what does not pass is in a list with its reason, and what passes leaves the list.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { getResults, runTests } from 'http-cache-tests/client/runner.mjs';
import handleConfig from 'http-cache-tests/server/handle-config.mjs';
import handleState from 'http-cache-tests/server/handle-state.mjs';
import handleTest from 'http-cache-tests/server/handle-test.mjs';
import suites from 'http-cache-tests/tests/index.mjs';
import { makeFolder } from '../support/folder.ts';
import { type Server, startServer } from '../support/vivarium.ts';

/** What does not pass, by the reason. */
const REASONS: Readonly<Record<string, readonly string[]>> = {
  'an Age that cannot be read is ignored, and of several the first counts (RFC 9111, section 5.1; the test is older)':
    [
      'age-parse-dup-0',
      'age-parse-dup-0-twoline',
      'age-parse-dup-old',
      'age-parse-float',
      'age-parse-negative',
      'age-parse-nonnumeric',
      'age-parse-numeric-parameter',
      'age-parse-parameter',
      'age-parse-prefix-twoline',
    ],
  'a 304 updates all fields but those about length and coding (RFC 9111, section 3.2; the test is older)': [
    '304-etag-update-response-Content-MD5',
    '304-etag-update-response-ETag',
  ],
  'the test wants a field of the origin server in an answer that the origin server has refused to give': [
    'stale-close-must-revalidate',
    'stale-close-no-cache',
    'stale-close-proxy-revalidate',
    'stale-close-s-maxage=2',
  ],
  'an answer that sets a cookie is kept only with another set-cookie': [
    '304-etag-update-response-Set-Cookie',
    'headers-store-Set-Cookie',
    'other-set-cookie',
  ],
  'nothing is kept that does not say so, unless heuristic is set': [
    'heuristic-200-cached',
    'heuristic-203-cached',
    'heuristic-204-cached',
    'heuristic-404-cached',
    'heuristic-405-cached',
    'heuristic-410-cached',
    'heuristic-414-cached',
    'heuristic-501-cached',
    'heuristic-599-cached',
  ],
  'parts (206) and answers to POST are not kept': [
    'method-POST',
    'partial-store-partial-complete',
    'partial-store-partial-reuse-partial',
    'partial-store-partial-reuse-partial-absent',
    'partial-store-partial-reuse-partial-byterange',
    'partial-store-partial-reuse-partial-suffix',
  ],
  'applications take the first of languages that are equally welcome': [
    'vary-normalise-lang-order',
    'vary-normalise-lang-select',
  ],
  'the reverse proxy refuses a transfer coding that nobody knows': ['headers-store-Transfer-Encoding'],
  'when it was changed is not known': ['conditional-lm-fresh-no-lm'],
};
const KNOWN = new Map(Object.entries(REASONS).flatMap(([reason, ids]) => ids.map((id) => [id, reason])));

const HANDLERS: Readonly<Record<string, typeof handleConfig>> = {
  config: handleConfig,
  test: handleTest,
  state: handleState,
};

let origin: HttpServer;
let server: Server;

before(async (t) => {
  origin = createServer((request, response) => {
    const [, kind = '', ...path] = new URL(request.url!, 'http://origin').pathname.split('/');
    HANDLERS[kind]!(path, request, response);
  }).listen(0, '127.0.0.1');
  await once(origin, 'listening');
  const { port } = origin.address() as AddressInfo;
  const toml = `cache = true\n[[routes]]\nproxy = "http://127.0.0.1:${port}"\n`;
  const folder = makeFolder(t as never, { 'vivarium.toml': toml });
  server = await startServer(['--config', `${folder}/vivarium.toml`, '--no-access-log']);
  // All at once: most of the time they wait for something to become stale.
  await runTests(suites, fetch, false, server.url, 1000);
});

after(async () => {
  await server?.stop();
  origin?.closeAllConnections();
  origin?.close();
});

for (const { name, tests } of suites) {
  for (const { id, kind = 'required', browser_only: isForBrowsers = false, name: what } of tests) {
    if (isForBrowsers || kind === 'check') continue;
    test(`${name}: ${id} (${kind})`, () => {
      const result = getResults()[id];
      const reason = KNOWN.get(id);
      if (reason !== undefined)
        assert.notEqual(result, true, `passes now: take it from the list (${reason})`);
      else assert.equal(result, true, `${what}: ${result}`);
    });
  }
}
