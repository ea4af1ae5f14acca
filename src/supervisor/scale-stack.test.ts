import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog } from '../telemetry/log.ts';
import type { ApplicationPool } from './application-pool.ts';
import { Pools } from './pools.ts';
import { scaleStack, stepScale } from './scale-stack.ts';

/** `asked`: what the pools were told. A name with a slash is a drop-in. */
function poolsOf(...names: string[]) {
  const asked: string[] = [];
  const lines: string[] = [];
  const pools = new Pools();
  for (const name of names) {
    const pool = {
      scale: { size: 2 },
      scaleTo: async ({ min, max }: { min: number; max: number }) => {
        asked.push(`${name} ${min}:${max}`);
        return { ok: true, detail: '' };
      },
    };
    pools.add({ name, settings: { isDropIn: name.startsWith('/') }, pool } as unknown as ApplicationPool);
  }
  const log = createLog('test', 'debug', (line) => lines.push(line.replace(/^.*\[test\] /, '').trim()));
  return { pools, asked, lines, log };
}

const RANGE = { min: 1, max: 3 };

test('the only application needs no name, and drop-ins are asked for by theirs', async () => {
  const { pools, asked } = poolsOf('shop', '/apps/hello');
  await scaleStack(pools, null, RANGE);
  await scaleStack(pools, 'shop', RANGE);
  await scaleStack(pools, '/apps/hello', RANGE);
  assert.deepEqual(asked, ['shop 1:3', 'shop 1:3', '/apps/hello 1:3']);
});

test('what is not clear is refused, with what there is', async () => {
  for (const [names, name, why] of [
    [['shop', 'blog'], null, 'which application is meant? there are "shop", "blog"'],
    [['shop', 'blog'], 'x', 'there is no application "x"; there are "shop", "blog"'],
    [['shop'], '__proto__', 'there is no application "__proto__"; there is "shop"'],
    [[], null, 'there is no application, only files are served'],
  ] as const) {
    const { pools, asked } = poolsOf(...names);
    assert.deepEqual(await scaleStack(pools, name, RANGE), { ok: false, why, traceback: null });
    assert.deepEqual(asked, []);
  }
});

test('signals are for the only application', () => {
  const { pools, asked, log } = poolsOf('shop', '/apps/hello');
  stepScale(pools, 1, 'SIGTTIN', log);
  assert.deepEqual(asked, ['shop 3:3']);
  const several = poolsOf('shop', 'blog');
  stepScale(several.pools, -1, 'SIGTTOU', several.log);
  assert.deepEqual(several.asked, []);
  assert.match(several.lines[0]!, /^scale-refused: SIGTTOU: which application is meant\?/);
  const none = poolsOf();
  stepScale(none.pools, 1, 'SIGTTIN', none.log);
  assert.deepEqual(none.lines, []);
});
