/** One run: a server, clients, a storm of troubles, calm, a stop; then the evidence. */
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Clients, pause } from './clients.ts';
import { lookForRemains, observe } from './condition.ts';
import type { Evidence } from './evidence.ts';
import { readAccessLog, readErrorLog, readFailures, readKills, readRuns } from './logs.ts';
import { Random } from './random.ts';
import { PROCESSES, Site } from './site.ts';
import { makePlan, raiseStorm } from './storm.ts';
import { judge, type Verdict } from './verdict.ts';

/** Ordinary traffic before and after the storm, so that the same has happened to the processes that are compared. */
const CALM_MS = 2000;

export interface RunOptions {
  readonly seed: number;
  readonly seconds: number;
  readonly clients: number;
}

export interface Run {
  readonly folder: string;
  readonly evidence: Evidence;
  readonly verdicts: readonly Verdict[];
}

/** The folder is kept when something is wrong. */
export async function runChaos(options: RunOptions): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), 'vivarium-chaos-'));
  const site = new Site(folder);
  // A run that cannot go on leaves no server behind.
  const evidence = await gather(site, options).finally(() => site.server?.signal('SIGKILL'));
  const verdicts = judge(evidence);
  if (verdicts.length === 0) rmSync(folder, { recursive: true });
  return { folder, evidence, verdicts };
}

async function gather(site: Site, { seed, seconds, clients: count }: RunOptions): Promise<Evidence> {
  const random = new Random(~seed);
  await site.start();
  const startClients = () => new Clients(site.server.port, site.book, random.fork(), count);
  const calm = async () => {
    const clients = startClients();
    await pause(CALM_MS);
    await clients.stop();
  };

  await calm();
  const before = await observe(site, null);
  const clients = startClients();
  const plan = makePlan(seed, seconds);
  try {
    await raiseStorm(plan, site, (line) => appendFileSync(`${site.folder}/troubles`, `${line}\n`));
  } finally {
    await clients.stop();
  }
  await site.command('scale', PROCESSES);
  await calm();
  const after = await observe(site, before);
  const { code, signal } = await site.server.stop();
  const remains = lookForRemains(site, String(signal ?? code));

  const { book, complaints, versions } = site;
  const errorLog = readErrorLog(site.logs);
  return {
    troubles: plan.map(({ trouble }) => trouble.name),
    requests: book.entries,
    refusals: book.refusals,
    deeds: [...site.deeds, ...readKills(errorLog), ...readFailures(errorLog)],
    complaints,
    versions,
    runs: readRuns(site.databasePath),
    accessLog: readAccessLog(site.logs),
    errorLog,
    before,
    after,
    remains,
  };
}
