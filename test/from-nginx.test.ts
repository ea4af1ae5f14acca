/** The configuration that docs/guide/from-nginx.md prints is one. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { writeCertificate } from './support/certificates.ts';
import { runCommand } from './support/fake-terminal.ts';
import { makeFolder } from './support/folder.ts';

const GUIDE = new URL('../docs/guide/from-nginx.md', import.meta.url);

test('the file of the guide is accepted as it is printed', async (t) => {
  const [, printed] = /```toml\n(.*?)```/s.exec(readFileSync(GUIDE, 'utf8'))!;
  const folder = makeFolder(t, { 'wsgi.py': 'application = None\n', 'static/a.txt': 'a' });
  const files = writeCertificate(folder, 'shop', ['shop.example.org']);
  const file = printed!
    .replaceAll('/srv/shop', folder)
    .replace('/etc/ssl/shop.pem', files.certificate)
    .replace('/etc/ssl/shop.key', files.key);
  const cwd = makeFolder(t, { 'vivarium.toml': file });
  const { status, told } = await runCommand(['check'], { cwd });
  assert.equal(status, 0, told);
});
