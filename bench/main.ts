/** `npm run bench`: measures every stack in every case, prints the figures, and writes docs/benchmarks.md. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { CaseFigures } from './figures.ts';
import { describeMachine, missingFromMachine } from './machine.ts';
import { type Options, parseOptions, USAGE, UsageError } from './options.ts';
import { pairTables } from './pair-report.ts';
import type { Peer } from './peers/peer.ts';
import { chartOf, othersLine, type Run, type Skipped, skippedLine, writeReport } from './report.ts';
import { runCase, WARM_UP_SECONDS } from './run.ts';
import { setupOf } from './setup.ts';
import { caseTable, cpuByProcess, goalTable, printTable } from './tables.ts';
import { makeWorkspace } from './workspace.ts';

const PAGE = fileURLToPath(new URL('../docs/benchmarks.md', import.meta.url));
const CHART = fileURLToPath(new URL('../docs/benchmarks.svg', import.meta.url));
const NOTES = fileURLToPath(new URL('./notes.md', import.meta.url));

const INTERRUPTED = 'interrupted; every stack is stopped';

const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};
const progress = (message: string): void => {
  process.stderr.write(`${message}\n`);
};

async function main(args: readonly string[]): Promise<void> {
  const options = parseOptions(args);
  if (options.help) return print(USAGE);
  const missing = missingFromMachine();
  if (missing !== null) throw new UsageError(missing);

  const started = Date.now();
  const { present, skipped } = takeStock(options.stacks);
  const notMeasured = skipped.map(skippedLine);
  for (const line of notMeasured) print(line);
  const cases = await measureAll(options, present);

  for (const { title, table } of pairTables(cases)) print(`\n${title}\n${printTable(table)}`);
  print(`\n${printTable(goalTable(cases))}`);
  for (const line of notMeasured) print(line);
  if (!options.write) return;
  const run: Run = {
    date: new Date().toISOString().slice(0, 10),
    minutes: Math.ceil((Date.now() - started) / 60_000),
    command: ['npm run bench', ...(args.length > 0 ? ['--', ...args] : [])].join(' '),
    rounds: options.rounds,
    seconds: options.seconds,
    warmUpSeconds: WARM_UP_SECONDS,
    machine: describeMachine(),
    setups: present.map(setupOf),
    skipped,
    cases,
    notes: existsSync(NOTES) ? readFileSync(NOTES, 'utf8') : '',
  };
  writeFileSync(CHART, chartOf(cases));
  writeFileSync(PAGE, writeReport(run));
  print('written: docs/benchmarks.md, docs/benchmarks.svg');
}

function takeStock(stacks: readonly Peer[]): { present: Peer[]; skipped: Skipped[] } {
  const present = stacks.filter((stack) => stack.missing() === null);
  const skipped = stacks.flatMap((stack) => {
    const reason = stack.missing();
    return reason === null ? [] : [{ stack: stack.name, reason }];
  });
  return { present, skipped };
}

async function measureAll(options: Options, stacks: readonly Peer[]): Promise<CaseFigures[]> {
  const interruption = new AbortController();
  const interrupt = () => interruption.abort(new Error(INTERRUPTED));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupt);
  const workspace = makeWorkspace();
  const plan = { ...options, workspace, signal: interruption.signal, progress };
  try {
    const cases: CaseFigures[] = [];
    for (const test of options.cases) {
      const figures = await runCase(
        test,
        stacks.filter((stack) => stack.serves(test)),
        plan,
      );
      printCase(figures);
      cases.push(figures);
    }
    return cases;
  } finally {
    workspace.remove();
  }
}

function printCase(entry: CaseFigures): void {
  print(`\n${entry.test.title}\n${printTable(caseTable(entry))}`);
  if (entry.test.kind === 'idle') return;
  const ours = entry.figures.find((figure) => figure.stack === 'vivarium');
  if (ours !== undefined) print(`CPU time of one request: ${cpuByProcess(ours)}`);
  print(othersLine([entry]));
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  const { name, message, stack } = error as Error;
  const isInterruption = name === 'AbortError' || message === INTERRUPTED;
  const text = isInterruption ? INTERRUPTED : error instanceof UsageError ? message : stack;
  process.stderr.write(`bench: ${text}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
