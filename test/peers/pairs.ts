/** Runs the list of cases for a table of pairs of servers: each has to show what a direct client is shown. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Destination } from '../support/raw-client.ts';
import { CASES } from './cases.ts';

/**
 * What is known to be otherwise with a server of others, by the name of the case, or of twin and case: why, and what comes then. A
 * difference that is gone fails, too.
 */
export type Differences = Readonly<Record<string, { readonly because: string; readonly seen: unknown }>>;

export interface Pair {
  readonly name: string;
  readonly skip: string | false;
  /** Unknown before the servers are started. */
  readonly to: () => Destination;
  readonly differs: Differences;
  /** What its servers have printed, for the message of a failing test. */
  readonly outputs: () => readonly string[];
}

const TWINS = ['/flask', '/django'];

export function describePairs(pairs: readonly Pair[], direct: () => Destination): void {
  for (const pair of pairs) {
    describe(pair.name, { skip: pair.skip }, () => {
      for (const twin of TWINS) for (const name of Object.keys(CASES)) testCase(pair, direct, twin, name);
    });
  }
}

function testCase(pair: Pair, direct: () => Destination, twin: string, name: string): void {
  const difference = pair.differs[`${twin}: ${name}`] ?? pair.differs[name];
  test(`${twin}: ${name}${difference === undefined ? '' : ` (${difference.because})`}`, async (t) => {
    const place = (to: Destination, host: string) => {
      const key = `${host}${twin}${name}`.replaceAll(/\W+/g, '-');
      return { to, host, twin, key };
    };
    const before = pair.outputs().map(({ length }) => length);
    try {
      const found = await CASES[name]!(place(pair.to(), hostOf(pair.name))).catch(messageOf);
      const wanted = await CASES[name]!(place(direct(), 'direct.test'));
      if (difference === undefined) {
        assert.deepEqual(found, wanted);
      } else {
        assert.notDeepEqual(found, wanted, `no longer so: ${difference.because}`);
        assert.partialDeepStrictEqual(found, difference.seen);
      }
    } catch (error) {
      for (const [n, output] of pair.outputs().entries()) t.diagnostic(output.slice(before[n]).slice(-4000));
      throw error;
    }
  });
}

/** How a server in front tells which pair is meant. */
export function hostOf(name: string): string {
  return `${name.toLowerCase().replaceAll(/[^a-z]+/g, '-')}.test`;
}

function messageOf(error: unknown): unknown {
  return { error: (error as Error).message };
}
