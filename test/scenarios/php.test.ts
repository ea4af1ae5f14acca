/** A PHP site behind PHP-FPM, with the configuration that docs/guide/gateway-upstreams.md prints. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { makeFolder } from '../support/folder.ts';
import { NO_PHP_FPM, startPhpFpm } from '../support/peers/php-fpm.ts';
import { getOnce, RawClient } from '../support/raw-client.ts';
import { type Server, startServer } from '../support/vivarium.ts';

const GUIDE = readFileSync(new URL('../../docs/guide/gateway-upstreams.md', import.meta.url), 'utf8');

const INDEX = `<?php
foreach (['SCRIPT_NAME', 'PATH_INFO', 'REQUEST_URI', 'QUERY_STRING', 'HTTPS', 'PHP_AUTH_USER'] as $name)
  echo $name, '=', $_SERVER[$name] ?? '-', "\\n";
echo 'body=', strlen(file_get_contents('php://input')), "\\n";
`;
const LOUD = `<?php
http_response_code(404);
error_log('said by the script');
echo 'nothing here';
`;

/** The blocks of the guide that name the pool and its site. */
function printed(): string {
  const blocks = [...GUIDE.matchAll(/^```toml\n(.*?)^```/gms)].map(([, block]) => block!);
  return blocks.filter((block) => block.includes('upstreams.php')).join('\n');
}

describe('a PHP site', { skip: NO_PHP_FPM }, () => {
  let server: Server;
  const cleanups: (() => unknown)[] = [];
  const suite = { after: (then: () => unknown) => void cleanups.push(then) };

  before(async () => {
    const { folder } = await startPhpFpm(suite);
    const site = makeFolder(suite, {
      'public/index.php': INDEX,
      'public/blog/index.php': INDEX,
      'public/loud.php': LOUD,
      'public/style.css': 'body {}',
      'public/photo.jpg': '<?php echo "run";',
    });
    const file = printed()
      .replaceAll('/srv/shop', site)
      .replaceAll('/run/php/php-fpm.sock', `${folder}/php-fpm.sock`);
    const cwd = makeFolder(suite, { 'vivarium.toml': file });
    server = await startServer([], { cwd });
  });
  after(async () => {
    await server?.stop();
    for (const cleanup of cleanups.reverse()) await cleanup();
  });

  const told = (text: string) =>
    Object.fromEntries(
      text
        .trim()
        .split('\n')
        .map((line) => line.split('=')),
    );

  test('runs its scripts, and the front controller for everything else', async () => {
    const requests: [target: string, script: string, pathInfo: string][] = [
      ['/', '/index.php', ''],
      ['/index.php', '/index.php', ''],
      ['/index.php/a/b?c=d', '/index.php', '/a/b'],
      ['/blog/', '/blog/index.php', ''],
      ['/some/page?c=d', '/index.php', ''],
      ['/some/page.php', '-', ''],
    ];
    for (const [target, script, pathInfo] of requests) {
      const response = await getOnce(server.port, target, ['Authorization: Basic YW5uOnB3']);
      if (script === '-') assert.equal(response.status, 404, target);
      else {
        const { SCRIPT_NAME, PATH_INFO, REQUEST_URI, PHP_AUTH_USER } = told(response.text);
        assert.deepEqual(
          [SCRIPT_NAME, PATH_INFO, REQUEST_URI, PHP_AUTH_USER],
          [script, pathInfo, target.split('=')[0], '-'],
        );
      }
    }
  });

  test('sends its files, and never runs or shows what it should not', async () => {
    assert.equal((await getOnce(server.port, '/style.css')).text, 'body {}');
    for (const target of ['/photo.jpg/x.php', '/nothing.php', '/photo.jpg%00.php', '/..%2findex.php']) {
      const { status, text } = await getOnce(server.port, target);
      assert.ok(status === 404 || status === 400, `${target}: ${status}`);
      assert.doesNotMatch(text, /run|php echo/);
    }
  });

  test('takes uploads, with and without a length', async (t) => {
    const client = await RawClient.open(server.port);
    t.after(() => client.close());
    assert.equal(told((await client.post('/index.php', 'x'.repeat(1_000_000))).text).body, '1000000');
    await client.request('POST /index.php', ['Transfer-Encoding: chunked'], '5\r\nhello\r\n0\r\n\r\n');
    assert.equal(told((await client.readResponse()).text).body, '5');
  });

  test('says in the error log what its scripts say', async () => {
    const response = await getOnce(server.port, '/loud.php');
    assert.deepEqual([response.status, response.text], [404, 'nothing here']);
    await server.waitForOutput(/upstream-stderr: \[request \S+\] GET \/loud\.php: .*said by the script/);
  });
});
