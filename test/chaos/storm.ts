/** The plan of a run, made from its seed alone, and its execution. */
import { pause } from './clients.ts';
import { Random } from './random.ts';
import type { Site } from './site.ts';
import { TROUBLES, type Trouble } from './troubles.ts';

const GAP_MS_MIN = 100;
const GAP_MS_MAX = 900;
/** Changes to the code wait for each other, and each for a worker that may not become ready. */
const END_WAIT_MS = 300_000;

export interface Planned {
  /** After the beginning. */
  readonly atMs: number;
  readonly trouble: Trouble;
  readonly random: Random;
}

export function makePlan(seed: number, seconds: number): Planned[] {
  const random = new Random(seed);
  const plan: Planned[] = [];
  const next = (after: number) => after + random.between(GAP_MS_MIN, GAP_MS_MAX);
  for (let atMs = next(0); atMs < seconds * 1000; atMs = next(atMs))
    plan.push({ atMs, trouble: random.pickWeighted(TROUBLES), random: random.fork() });
  return plan;
}

/** Resolves when all troubles are over. Some take longer than the gap to the next one. */
export async function raiseStorm(
  plan: readonly Planned[],
  site: Site,
  tell: (line: string) => void,
): Promise<void> {
  const startedAtMs = Date.now();
  const running: Promise<void>[] = [];
  const names: string[] = [];
  for (const { atMs, trouble, random } of plan) {
    await pause(Math.max(0, startedAtMs + atMs - Date.now()));
    tell(`${new Date().toISOString()} ${trouble.name}`);
    running.push(trouble.make(site, random));
    names.push(trouble.name);
  }
  await endAll(running, names, site);
}

/** Commands answer in the end, whatever happens. */
async function endAll(
  running: readonly Promise<void>[],
  names: readonly string[],
  site: Site,
): Promise<void> {
  const pending = new Set(names.keys());
  const ends = running.map((one, at) => one.then(() => pending.delete(at)));
  const { promise: isOver, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, END_WAIT_MS);
  await Promise.race([Promise.all(ends), isOver]);
  clearTimeout(timer);
  for (const at of pending) site.complaints.push(`it did not end: ${names[at]}`);
}
