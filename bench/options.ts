/** The command line of the benchmarks. */
import { parseArgs } from 'node:util';
import { CASES, type Case } from './cases.ts';
import { STACKS } from './peers/all.ts';
import type { Peer } from './peers/peer.ts';

export interface Options {
  readonly cases: readonly Case[];
  readonly stacks: readonly Peer[];
  readonly rounds: number;
  readonly seconds: number;
  /** Only a complete run writes the page: a part would take the place of the whole. */
  readonly write: boolean;
  readonly help: boolean;
}

/** A mistake of the person who typed the command. */
export class UsageError extends Error {}

export const USAGE = `usage: npm run bench -- [options]

  --only CASE[,CASE]    only these: ${CASES.map((test) => test.name).join(', ')}
  --peers NAME[,NAME]   only stacks whose name contains one of these (vivarium always takes part):
                        ${STACKS.map((stack) => stack.name).join(', ')}
  --rounds N            times each stack is measured in each case (4)
  --seconds N           length of one measurement, in whole seconds (1)
  --quick               one round
  --no-write            print the figures, leave docs/benchmarks.md as it is

Only a complete run (without --only, --peers and --quick) writes docs/benchmarks.md and its chart.
`;

const DECLARED = {
  only: { type: 'string' },
  peers: { type: 'string' },
  rounds: { type: 'string' },
  seconds: { type: 'string' },
  quick: { type: 'boolean' },
  'no-write': { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

export function parseOptions(args: readonly string[]): Options {
  const values = parse(args);
  const complete = values.only === undefined && values.peers === undefined && values.quick !== true;
  return {
    cases: values.only === undefined ? CASES : chosenCases(values.only),
    stacks: values.peers === undefined ? STACKS : chosenStacks(values.peers),
    rounds: values.quick ? 1 : wholeNumber('rounds', values.rounds ?? '4'),
    seconds: wholeNumber('seconds', values.seconds ?? '1'),
    write: complete && values['no-write'] !== true,
    help: values.help === true,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: DECLARED }).values;
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n\n${USAGE}`);
  }
}

function chosenCases(list: string): Case[] {
  const names = CASES.map((test) => test.name);
  return list.split(',').map((name) => {
    const test = CASES.find((each) => each.name === name);
    if (test === undefined) throw new UsageError(`--only: no case "${name}"; there are ${names.join(', ')}`);
    return test;
  });
}

function chosenStacks(list: string): Peer[] {
  const parts = list.split(',').map((part) => part.trim().toLowerCase());
  const matches = (stack: Peer, part: string) => stack.name.toLowerCase().includes(part);
  const unknown = parts.find((part) => part === '' || !STACKS.some((stack) => matches(stack, part)));
  if (unknown !== undefined) {
    const names = STACKS.map((stack) => stack.name).join(', ');
    throw new UsageError(`--peers: no stack has "${unknown}" in its name; there are ${names}`);
  }
  return STACKS.filter((stack) => stack.name === 'vivarium' || parts.some((part) => matches(stack, part)));
}

function wholeNumber(option: string, text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) {
    throw new UsageError(`--${option}: found "${text}", allowed are whole numbers from 1 to 9999`);
  }
  return Number(text);
}
