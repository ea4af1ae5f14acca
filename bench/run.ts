/**
 * Runs one case: starts every stack that serves it, then measures them in turn, round by round, so that the drift of
 * a machine shared with others hits all alike. A stack that waits for its turn does nothing.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Case } from './cases.ts';
import { type CaseFigures, type Figure, failedFigure, idleFigure, loadFigure } from './figures.ts';
import { type LoadSample, measureIdle, measureLoad } from './measure.ts';
import type { Job, Peer } from './peers/peer.ts';
import { takePort } from './ports.ts';
import { type Stack, startStack } from './stack.ts';
import type { Workspace } from './workspace.ts';

/** Long enough for the JIT compiler of Node.js; the same for all. */
export const WARM_UP_SECONDS = 2;
/** In the cases that are many. */
const FEW_ROUNDS = 2;
const UPLOAD_SCRIPT = fileURLToPath(new URL('./upload.lua', import.meta.url));

export interface Plan {
  readonly rounds: number;
  readonly seconds: number;
  readonly workspace: Workspace;
  readonly signal: AbortSignal;
  /** Says what is being done, for a person who waits. */
  readonly progress: (message: string) => void;
}

/** A stack that could be started, or why it could not. */
type Started = { readonly peer: Peer } & ({ readonly stack: Stack } | { readonly problem: string });

export async function runCase(test: Case, peers: readonly Peer[], plan: Plan): Promise<CaseFigures> {
  plan.progress(`${test.name}: starting ${peers.length} stacks`);
  // Idle stacks are measured by their memory and need the machine's file descriptors for themselves: one at a time.
  const groups = test.kind === 'idle' ? peers.map((peer) => [peer]) : [peers];
  const figures: Figure[] = [];
  for (const group of groups) figures.push(...(await runGroup(test, group, plan)));
  return { test, figures };
}

async function runGroup(test: Case, peers: readonly Peer[], plan: Plan): Promise<Figure[]> {
  const started = await Promise.all(peers.map((peer) => start(test, peer, plan)));
  try {
    return test.kind === 'idle'
      ? await measureMemory(test, started, plan)
      : await measureRounds(test, started, plan);
  } finally {
    await Promise.all(started.map((each) => ('stack' in each ? each.stack.stop() : undefined)));
  }
}

async function start(test: Case, peer: Peer, plan: Plan): Promise<Started> {
  const directory = join(plan.workspace.directory, `${test.name}.${peer.name.replaceAll(/\W+/g, '-')}`);
  mkdirSync(directory);
  const { appsDirectory, staticDirectory, backlog } = plan.workspace;
  const portBehind = test.between?.socket === 'TCP' ? await takePort() : 0;
  const port = await takePort();
  const job: Job = { test, port, portBehind, directory, appsDirectory, staticDirectory, backlog };
  try {
    return { peer, stack: await startStack(peer, job, plan.signal) };
  } catch (error) {
    // After Ctrl-C too: the caller has to know the stacks that did start, to stop them.
    plan.progress(`${test.name}: ${peer.name} did not start: ${(error as Error).message}`);
    return { peer, problem: `did not start: ${(error as Error).message.split('\n')[0]}` };
  }
}

async function measureRounds(test: Case, started: readonly Started[], plan: Plan): Promise<Figure[]> {
  const samples = new Map<Peer, LoadSample[]>(started.map(({ peer }) => [peer, []]));
  const script = test.request.method === 'POST' ? UPLOAD_SCRIPT : undefined;
  const rounds = test.between === undefined ? plan.rounds : Math.min(plan.rounds, FEW_ROUNDS);
  for (let round = 0; round <= rounds; round++) {
    plan.progress(`${test.name}: ${round === 0 ? 'warming up' : `round ${round} of ${rounds}`}`);
    for (const each of started) {
      if (!('stack' in each)) continue;
      const seconds = round === 0 ? WARM_UP_SECONDS : plan.seconds;
      const sample = await measureLoad(each.stack, test, seconds, script, plan.signal);
      if (round > 0) samples.get(each.peer)!.push(sample);
    }
  }
  return started.map((each) =>
    'stack' in each
      ? loadFigure(each.peer.name, samples.get(each.peer)!)
      : failedFigure(each.peer.name, each.problem),
  );
}

function measureMemory(test: Case, started: readonly Started[], plan: Plan): Promise<Figure[]> {
  return Promise.all(
    started.map(async (each) => {
      if (!('stack' in each)) return failedFigure(each.peer.name, each.problem);
      plan.progress(`${test.name}: ${each.peer.name}`);
      return idleFigure(each.peer.name, await measureIdle(each.stack, test, plan.signal));
    }),
  );
}
