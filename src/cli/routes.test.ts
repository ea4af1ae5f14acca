import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runCommand } from '../../test/support/fake-terminal.ts';
import { makeFolder } from '../../test/support/folder.ts';

const FILE = `application = "shop.py"
mount-point = "/shop"
url-alias = { "/static" = "files" }

[response-headers]
set = { X-A = "b" }

[[routes]]
match = { path = "/old/*", method = "GET" }
respond = 410

[[routes]]
match = { header = { X-Debug = "*" } }
response-headers = { set = { X-B = "c" } }

[[routes]]
match = { address = "192.0.2.0/24" }
respond = 403

[[sites]]
hosts = ["example.org"]

[[sites.routes]]
application = "shop"
`;

async function explained(t: Parameters<typeof makeFolder>[0], ...argv: string[]) {
  const cwd = makeFolder(t, { 'shop/vivarium.toml': FILE, 'shop/shop.py': 'application = None\n' });
  return runCommand(['routes', ...argv], { cwd: `${cwd}/shop` });
}

test('each step has its place in the file and a reason', async (t) => {
  const { printed, told, status } = await explained(t, 'POST', '/old/x?y', 'X-Debug: 1');
  assert.equal(status, 0, told);
  assert.equal(
    printed,
    `adds     the top of the file: response-headers
site     the default site: no other site has this name
no       vivarium.toml:8: routes[0]: method GET
adds     vivarium.toml:12: routes[1]: response-headers
no       vivarium.toml:16: routes[2]: address 192.0.2.0/24
answers  nothing: the answer is 404
`,
  );
});

test('the last line says what answers', async (t) => {
  const expected: [argv: string[], answer: string][] = [
    [['/old/x'], 'vivarium.toml:8: routes[0]: respond'],
    [['//old/x'], 'vivarium.toml:8: routes[0]: respond'],
    [['/shop/x'], 'application shop: mounted at /shop'],
    [['/shop/x', '--from', '192.0.2.7'], 'vivarium.toml:16: routes[2]: respond'],
    [['http://EXAMPLE.org:81/old/x'], 'vivarium.toml:23: sites[0].routes[0]: application shop'],
  ];
  for (const [argv, answer] of expected) {
    const { printed } = await explained(t, ...argv);
    assert.equal(printed.trimEnd().split('\n').at(-1), `answers  ${answer}`);
  }
  const { printed } = await explained(t, '/static/x', '--json');
  assert.deepEqual(JSON.parse(printed).at(-1).place, 'url-alias /static');
});

test('what is no request is refused', async (t) => {
  for (const [argv, mistake] of [
    [[], /found ""; allowed: a URL like /],
    [['ftp://example.org/'], /found "ftp:\/\/example\.org\/"; allowed: a URL like /],
    [['/%zz'], /found "\/%zz"; allowed: a URL like /],
    [['/a', '--from', 'here'], /--from: found "here"; allowed: an IP address/],
  ] as const) {
    const { told, status } = await explained(t, ...argv);
    assert.equal(status, 2);
    assert.match(told, mistake);
  }
});

test('a script of a wsgi-directory answers while it is there', async (t) => {
  const cwd = makeFolder(t, { 'vivarium.toml': 'wsgi-directory = { "/apps" = "w" }\n', 'w/hello.wsgi': '' });
  const answer = async (path: string) =>
    (await runCommand(['routes', path], { cwd })).printed.split('\n').at(-2);
  assert.equal(await answer('/apps/hello/x'), 'answers  application /apps/hello: mounted at /apps/hello');
  assert.equal(await answer('/apps/other'), 'answers  nothing: the answer is 404');
});
