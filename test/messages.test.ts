/** Every code that can stand in the error log has a page in docs/messages, and every page a code. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { INDEX, readPages, renderIndex } from '../scripts/generate-messages.ts';

const ROOT = new URL('../', import.meta.url);
const RULE =
  'A message of the log needs a page docs/messages/CODE.md (copy the form of worker-exited.md);' +
  ' then run node scripts/generate-messages.ts, which writes docs/guide/messages.md';

/** Calls that end in a line of the log. The code is the first literal, behind names such as `this` or `assignment`. */
const CALL_TS =
  /\b(?:log(?:\.(?:debug|info|warn|error)|\[.+?\])|report|giveUp|warnOnce)\(\s*(?:[\w.#]+,\s*)*'([a-z-]+)'/g;
/** Messages that are made without a log. */
const CODE_TS = /\bcode: '([a-z]+-[a-z-]+)'/g;
const CALL_PYTHON = /\b(?:log|LogStream)\(\s*[^,\n]+,\s*'([a-z.-]+)'/g;

function codesIn(pattern: string, call: RegExp): string[] {
  const files = globSync(pattern, { cwd: ROOT }).filter((file) => !file.includes('.test.'));
  return files.flatMap((file) =>
    [...readFileSync(new URL(file, ROOT), 'utf8').matchAll(call)].map((match) => match[1]!),
  );
}

const codes = new Set([
  ...codesIn('src/**/*.ts', CALL_TS),
  ...codesIn('src/**/*.ts', CODE_TS),
  ...codesIn('python/vivarium/**/*.py', CALL_PYTHON),
]);
const pages = readPages();

test('the codes are found however they are written', () => {
  const known = [
    'server-started',
    'limit-not-watched',
    'queue-timeout',
    'invalid-response',
    'response-length',
  ];
  for (const code of [...known, 'application-exception', 'wsgi.errors', 'events-skipped'])
    assert.ok(codes.has(code), code);
});

for (const code of [...codes].sort()) {
  test(`${code} has a page`, () =>
    assert.ok(
      pages.some((page) => page.code === code),
      RULE,
    ));
}

for (const { code, example, levels } of pages) {
  test(`the page of ${code} is about a message that there is`, () => {
    assert.ok(
      codes.has(code),
      `nothing logs ${code}: remove its page, then run node scripts/generate-messages.ts`,
    );
    const [, level] = new RegExp(`^[\\d-]+ [\\d:.]+ \\[(\\w+)\\] \\[.+?\\] ${code}: `).exec(example) ?? [];
    assert.ok(level !== undefined, 'its example is not a line of the log with this code');
    assert.ok(levels.split(', ').includes(level), `the example has another severity: ${level}`);
  });
}

test('docs/guide/messages.md is current', () => {
  assert.equal(readFileSync(INDEX, 'utf8'), renderIndex(pages), `stale. ${RULE}`);
});
