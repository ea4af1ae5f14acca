/** The committed reference is what the table of settings says. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { REFERENCE, renderReference } from '../scripts/generate-reference.ts';

for (const [name, content] of Object.entries(renderReference())) {
  test(`docs/reference/${name} is current`, () => {
    const committed = readFileSync(new URL(name, REFERENCE), 'utf8');
    assert.equal(committed, content, 'stale: run node scripts/generate-reference.ts');
  });
}
