/** A folder of a test's own, with the files that it names, removed when the test is over. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export function makeFolder(
  t: { after(then: () => void): void },
  files: Readonly<Record<string, string>> = {},
): string {
  const folder = mkdtempSync(join(tmpdir(), 'vivarium-test-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

/** A WSGI application that answers with a text. */
export function textApplication(text: string, callable = 'application'): string {
  return [
    `def ${callable}(environ, start_response):`,
    `    start_response("200 OK", [("Content-Type", "text/plain")])`,
    `    return [${JSON.stringify(text)}.encode()]`,
    '',
  ].join('\n');
}
