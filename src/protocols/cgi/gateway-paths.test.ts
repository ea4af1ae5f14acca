import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Refusal } from '../http1/refusal.ts';
import { gatewayPaths } from './gateway-paths.ts';

type Expected = [scriptName: string, decodedPath: string, path?: string, target?: string];

/** What the front sends, in the order REQUEST_URI, PATH_INFO, SCRIPT_NAME, SCRIPT_FILENAME; '-': it does not. */
const CASES: Record<string, [string, string, string, string, Expected]> = {
  'nginx uwsgi': ['/a?b', '/a', '-', '-', ['', '/a']],
  'nginx uwsgi, escapes': ['/a%20b%2Fc', '/a b/c', '-', '-', ['', '/a b/c', '/a%20b%2Fc']],
  'nginx uwsgi, merged slashes': ['//a//b', '/a/b', '-', '-', ['', '/a/b', '/a/b', '//a//b']],
  'nginx uwsgi, rewritten': ['/old', '/new', '-', '-', ['', '/new', '/new', '/old']],
  'nginx uwsgi, mounted': ['/m/a', '/a', '/m', '-', ['/m', '/a', '/a', '/m/a']],
  'nginx uwsgi, SCRIPT_NAME added to the whole path': ['/m/a', '/m/a', '/m', '-', ['/m', '/a', '/a', '/m/a']],
  'nginx uwsgi, merged slashes, SCRIPT_NAME added to the whole path': [
    '/m//a//b',
    '/m/a/b',
    '/m',
    '-',
    ['/m', '/a/b', '/a/b', '/m//a//b'],
  ],
  'nginx scgi': ['//a%2fb', '-', '-', '-', ['', '//a/b', '//a%2fb']],
  'nginx fastcgi': ['/a/b?c', '-', '/a/b', '-', ['', '/a/b']],
  'nginx fastcgi, merged slashes': ['//a//b', '-', '/a/b', '-', ['', '//a//b', '//a//b']],
  'nginx fastcgi, index': ['/', '-', '/index.php', '-', ['', '/']],
  'nginx fastcgi, mounted': ['/m/a', '-', '/m', '-', ['/m', '/a', '/a', '/m/a']],
  'nginx fastcgi, a client that climbs': ['/a/b/../../a', '-', '/a', '-', ['', '/a/b/../../a']],
  'Caddy fastcgi': ['/a', '', '/a', '/var/www/a', ['', '/a']],
  'Apache scgi': ['/a', '-', '/a', 'proxy:scgi://127.0.0.1:4000/a', ['', '/a']],
  'Apache scgi, mounted': ['/m/a', '-', '/m/a', 'proxy:scgi://h:1/a', ['/m', '/a', '/a', '/m/a']],
  'Apache scgi, mounted, escapes': [
    '/m/a%20b',
    '-',
    '/m/a b',
    'proxy:scgi://h:1/a%20b',
    ['/m', '/a b', '/a%20b', '/m/a%20b'],
  ],
  'Apache scgi, the mount spelled with escapes': [
    '/%6d/a',
    '-',
    '/m/a',
    'proxy:scgi://h:1/a',
    ['/m', '/a', '/a', '/%6d/a'],
  ],
  'Apache scgi, the mount itself': ['/m/', '-', '/m/', 'proxy:scgi://h:1/', ['/m', '/', '/', '/m/']],
  'Apache scgi, balancer': ['/m/a', '-', '/m/a', 'proxy:balancer://c/a', ['/m', '/a', '/a', '/m/a']],
  'Apache scgi, another path behind': ['/m/a', '-', '/m/a', 'proxy:scgi://h:1/app/a', ['', '/m/a']],
  'Apache scgi, mounted, an escaped slash escaped once more': [
    '/m/a%2Fb',
    '-',
    '/m/a%2Fb',
    'proxy:scgi://h:1/a%252Fb',
    ['/m', '/a/b', '/a%2Fb', '/m/a%2Fb'],
  ],
  'Apache scgi, mounted, a dot': [
    '/m/a/./b',
    '-',
    '/m/a/b',
    'proxy:scgi://h:1/a/b',
    ['/m', '/a/b', '/a/b', '/m/a/./b'],
  ],
  'Apache scgi, a client that climbs': [
    '/a/../b',
    '-',
    '/b',
    'proxy:scgi://h:1/b',
    ['', '/b', '/b', '/a/../b'],
  ],
  'Apache scgi, mounted, a client that climbs': [
    '/m/a/../b',
    '-',
    '/m/b',
    'proxy:scgi://h:1/b',
    ['/m', '/b', '/b', '/m/a/../b'],
  ],
  'Apache uwsgi, mounted, a client that climbs': [
    '/m/a/../b',
    '/b',
    '/m',
    'proxy:uwsgi://h:1/b',
    ['/m', '/b', '/b', '/m/a/../b'],
  ],
  'Apache uwsgi, mounted, two slashes': [
    '/m//a//b',
    '/a//b',
    '/m/',
    'proxy:uwsgi://h:1/a//b',
    ['/m', '//a//b', '//a//b', '/m//a//b'],
  ],
  'Apache proxy-scgi-pathinfo': [
    '/m/a%20b',
    '/a%20b',
    '/m/a ',
    'proxy:scgi://h:1/a%20b',
    ['/m', '/a b', '/a%20b', '/m/a%20b'],
  ],
  'Apache uwsgi': ['/a', '/a', '', 'proxy:uwsgi://h:1/a', ['', '/a']],
  'Apache uwsgi, the mount itself': ['/m/', '/', '/m/', '-', ['/m', '/', '/', '/m/']],
  'lighttpd, mounted': ['/m/a', '/a', '/m', '/var/www/m', ['/m', '/a', '/a', '/m/a']],
  'only CGI': ['-', '/a b', '/m', '-', ['/m', '/a b', '/a%20b', '/m/a%20b']],
  'only a script': ['-', '-', '/a', '-', ['', '/a']],
  'nothing at all': ['-', '-', '-', '-', ['', '/']],
  'an absolute URI': ['http://a.example/b', '-', '-', '-', ['', '/b', '/b', 'http://a.example/b']],
};

for (const [what, [uri, pathInfo, scriptName, filename, expected]] of Object.entries(CASES)) {
  test(what, () => {
    const given = {
      REQUEST_URI: uri,
      PATH_INFO: pathInfo,
      SCRIPT_NAME: scriptName,
      SCRIPT_FILENAME: filename,
    };
    const paths = gatewayPaths('GET', new Map(Object.entries(given).filter(([, value]) => value !== '-')));
    assert.ok(!(paths instanceof Refusal));
    const [mount, decodedPath, path = decodedPath, target = uri === '-' ? mount + path : uri] = expected;
    const { query: _, ...rest } = paths;
    assert.deepEqual(rest, { scriptName: mount, decodedPath, path, target });
  });
}

test('the query of the front counts, then that of the client', () => {
  const query = (...pairs: [string, string][]) => {
    const paths = gatewayPaths('GET', new Map([['REQUEST_URI', '/?a'], ...pairs]));
    return paths instanceof Refusal ? null : paths.query;
  };
  assert.equal(query(), 'a');
  assert.equal(query(['QUERY_STRING', 'b']), 'b');
  assert.equal(query(['QUERY_STRING', '']), '');
});

test('OPTIONS * is about the server', () => {
  const paths = gatewayPaths(
    'OPTIONS',
    new Map([
      ['REQUEST_URI', '*'],
      ['PATH_INFO', '*'],
    ]),
  );
  assert.equal((paths as { path: string }).path, '*');
});

test('paths that cannot be told apart from the rest are refused', () => {
  const status = (...pairs: [string, string][]) => {
    const paths = gatewayPaths('GET', new Map(pairs));
    return paths instanceof Refusal ? paths.status : 0;
  };
  assert.equal(status(['PATH_INFO', 'a']), 400);
  assert.equal(status(['PATH_INFO', '/a'], ['SCRIPT_NAME', 'm']), 400);
  assert.equal(status(['REQUEST_URI', '/%zz']), 400);
  assert.equal(status(['REQUEST_URI', '*']), 400);
});
