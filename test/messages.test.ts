/** docs/guide/messages.md explains every code that can stand in the error log. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

const ROOT = new URL('../', import.meta.url);

/** Calls that end in a line of the log. The code is the first literal, behind names such as `this` or `assignment`. */
const CALL_TS =
  /\b(?:log\.(?:debug|info|warn|error)|report|giveUp|warnOnce)\(\s*(?:[\w.#]+,\s*)*'([a-z-]+)'/g;
const CALL_PYTHON = /\b(?:log|LogStream)\(\s*'\w+',\s*'([a-z.-]+)'/g;

function codesIn(pattern: string, call: RegExp): string[] {
  const files = globSync(pattern, { cwd: ROOT }).filter((file) => !file.includes('.test.'));
  return files.flatMap((file) =>
    [...readFileSync(new URL(file, ROOT), 'utf8').matchAll(call)].map((match) => match[1]!),
  );
}

const codes = new Set([
  ...codesIn('src/**/*.ts', CALL_TS),
  ...codesIn('python/vivarium/**/*.py', CALL_PYTHON),
]);
const page = readFileSync(new URL('docs/guide/messages.md', ROOT), 'utf8');
const firstCells = [...page.matchAll(/^\| (`[^|]*)\|/gm)].map((match) => match[1]!);
const documented = new Set(firstCells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map((m) => m[1]!)));

test('the codes are found however they are written', () => {
  const known = [
    'server-started',
    'limit-not-watched',
    'queue-timeout',
    'invalid-response',
    'response-length',
  ];
  for (const code of [...known, 'application-exception', 'wsgi.errors']) assert.ok(codes.has(code), code);
});

for (const code of [...codes].sort()) {
  test(`${code} is explained`, () => assert.ok(documented.has(code), `no row in docs/guide/messages.md`));
}
