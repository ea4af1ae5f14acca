import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { runCommand } from '../../test/support/fake-terminal.ts';
import { settingNames } from '../config/settings/table.ts';

const GOLDEN = new URL('../../test/vectors/serve-help.txt', import.meta.url);

test('vivarium serve --help is what was agreed on', async () => {
  const { printed } = await runCommand(['serve', '--help'], { columns: 100 });
  // UPDATE_GOLDEN=1 accepts a change.
  if (process.env.UPDATE_GOLDEN) writeFileSync(GOLDEN, printed);
  assert.equal(printed, readFileSync(GOLDEN, 'utf8'));
});

test('help fits the terminal and leaves nothing out', async () => {
  for (const columns of [72, 80, 100]) {
    const { printed } = await runCommand(['check', '--help'], { columns });
    for (const line of printed.split('\n')) assert.ok(line.length <= columns, line);
    for (const name of [...settingNames, 'json', 'help'])
      assert.match(printed, new RegExp(`^  --(\\[no-\\])?${name}\\b`, 'm'));
  }
});

test('titles are bold on a terminal with colours only', async () => {
  assert.match((await runCommand(['help'], { hasColor: true })).printed, /\x1b\[1mCommands\x1b\[22m/);
  assert.ok(!(await runCommand(['help'])).printed.includes('\x1b'));
});
