import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runCommand } from '../../test/support/fake-terminal.ts';
import { makeFolder } from '../../test/support/folder.ts';
import { checkLink } from '../base/signed-link.ts';

const SECRET = '0123456789abcdef';

test('links for whole URLs and for paths', async (t) => {
  const cwd = makeFolder(t, { secret: `${SECRET}\nan older one, of many letters\n` });
  const sign = async (...argv: string[]) => (await runCommand(['sign', ...argv], { cwd })).printed.trimEnd();
  const link = await sign('https://example.org:8443/a b?c=d', '--secret-file', 'secret', '--expires', '15m');
  assert.match(link, /^https:\/\/example\.org:8443\/a%20b\?c=d&expires=\d+&signature=/);
  const target = link.slice('https://example.org:8443'.length);
  assert.equal(checkLink(target, [SECRET], Date.now()), 'good');
  assert.equal(checkLink(target, [SECRET], Date.now() + 900_001), 'expired');
  assert.match(await sign('--expires=never', '--secret-file=secret', '/x'), /^\/x\?signature=[\w-]{43}$/);
});

test('mistakes', async (t) => {
  const cwd = makeFolder(t, { secret: SECRET, empty: 'short\n' });
  for (const [argv, status, message] of [
    ['--secret-file secret', 2, /found no URL/],
    ['mailto:x --secret-file secret', 2, /found "mailto:x"/],
    ['/x', 2, /found no --secret-file/],
    ['/x --secret-file empty', 2, /empty: found no secret/],
    ['/x --secret-file none', 1, /ENOENT/],
    ['/x --secret-file secret --expires soon', 2, /--expires: found "soon"; allowed: a time .*, or never/],
    ['/x /y --secret-file secret', 2, /found "\/y"/],
  ] as const) {
    const said = await runCommand(['sign', ...argv.split(' ')], { cwd });
    assert.equal(said.status, status, argv);
    assert.match(said.told, message);
  }
});
