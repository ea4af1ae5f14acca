/** docs/benchmarks.md: everything a reader needs to judge the figures and to measure them again. */
import type { Case } from './cases.ts';
import { drawChart, type Panel } from './chart.ts';
import { type CaseFigures, metricOf, otherShareMax } from './figures.ts';
import { pairPanels, pairTables } from './pair-report.ts';
import type { Launch } from './peers/peer.ts';
import { caseTable, cpuByProcess, goalTable, markdownTable } from './tables.ts';

export interface Skipped {
  readonly stack: string;
  readonly reason: string;
}

export interface StackSetup {
  readonly stack: string;
  readonly version: string;
  /** How it is started, with words in place of this machine's paths. */
  readonly launch: Launch;
}

export interface Run {
  readonly date: string;
  readonly minutes: number;
  readonly command: string;
  readonly rounds: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly machine: readonly (readonly [string, string])[];
  readonly setups: readonly StackSetup[];
  readonly skipped: readonly Skipped[];
  readonly cases: readonly CaseFigures[];
  /** Markdown written by hand: where the time goes. Empty when there is none. */
  readonly notes: string;
}

const INTRODUCTION = `One run, all stacks side by side. The whole stack (web server, gateway, Python) is pinned to core 0 and the load
generator, wrk, to core 1. The stacks of a case run at the same time and are measured in turn, round by round, so that
the drift of a shared machine hits all alike.

**Requests/CPU-s** are answered requests divided by the user and system time of every process of the stack: a figure that
changes far less with busy neighbours than requests per second do. Figures are the median of the rounds, with the least
and the greatest. Every stack has one process that runs Python with the same
interpreter and 8 threads where it has threads (mod_wsgi embedded: those of httpd), access logs off and keep-alive on where
it can. A stack has to give the right answer before it is measured; a figure with failed connections or answers other than 2xx is shown as invalid.`;

export function writeReport(run: Run): string {
  const sections = [
    '# Benchmarks',
    'This page is written by `npm run bench`; do not edit it.',
    INTRODUCTION,
    '## Figures to reach',
    markdownTable(goalTable(run.cases), 'left'),
    run.notes,
    '## Chart',
    '![Bars: requests per CPU-second of each stack, case by case](benchmarks.svg)',
    ...single(run.cases).flatMap((entry) => [
      `## ${entry.test.title}`,
      explain(entry.test),
      markdownTable(caseTable(entry)),
      processes(entry),
    ]),
    ...pairSections(run.cases),
    '## Not measured',
    run.skipped.length === 0 ? 'Every stack was there.' : run.skipped.map(skippedLine).join('\n'),
    '## How it was measured',
    `\`${run.command}\` on ${run.date}, ${run.minutes} minutes: ${run.rounds} rounds of ${run.seconds} s after ${run.warmUpSeconds} s to warm up. ${othersLine(run.cases)}`,
    markdownTable([['machine', ''], ...run.machine], 'left'),
    markdownTable(
      [['stack', 'version'], ...run.setups.map(({ stack, version }) => [stack, version])],
      'left',
    ),
    '### Commands and configuration files',
    ...run.setups.map(setupText),
  ];
  return `${sections
    .map((section) => section.trim())
    .filter((section) => section !== '')
    .join('\n\n')}\n`;
}

const single = (cases: readonly CaseFigures[]) => cases.filter(({ test }) => test.between === undefined);

const PAIRS = `A web server in front, an application server behind it, and between them one of four protocols over one of two
kinds of socket. Hello world, 64 connections, 2 rounds, requests/CPU-s of both servers together; uWSGI answers one request a
connection in each of these protocols, Vivarium several where the protocol has a place for it (HTTP and FastCGI).`;

function pairSections(cases: readonly CaseFigures[]): string[] {
  const tables = pairTables(cases);
  if (tables.length === 0) return [];
  const parts = tables.flatMap(({ title, table }) => [`### ${title}`, markdownTable(table)]);
  return ['## Gateway protocols', PAIRS, ...parts];
}

export const skippedLine = ({ stack, reason }: Skipped): string => `- ${stack}: skipped, ${reason}`;

function explain(test: Case): string {
  const connections = test.connections.toLocaleString('en-US');
  if (test.kind === 'mixed') {
    return `${connections} connections ask for an instant URL while 4 others keep asking for one that sleeps 200 ms. The figures are those of the instant one.`;
  }
  if (test.kind === 'idle') {
    return `Proportional set size of all processes of the stack after its start, and what each of ${connections} keep-alive connections adds to it, one answer each behind them. The kernel's socket buffers are not part of it.`;
  }
  return `${connections} connections.`;
}

function processes({ figures }: CaseFigures): string {
  const lines = figures
    .filter((figure) => figure.problems.length === 0)
    .map(cpuByProcess)
    .filter((line) => line !== '');
  return lines.length === 0
    ? ''
    : `CPU time of one request, by process:\n\n${lines.map((line) => `- ${line}`).join('\n')}`;
}

/** How far to trust the run: with much other work on the core, caches are cold and switches many. */
export function othersLine(cases: readonly CaseFigures[]): string {
  return `Other programs had at most ${Math.round(otherShareMax(cases) * 100)} % of the servers' core.`;
}

const quote = (argument: string) => (/[\s%]/.test(argument) ? `'${argument}'` : argument);

function setupText({ stack, launch }: StackSetup): string {
  const files = Object.entries(launch.files ?? {}).map(([name, text]) => `# ${name}\n${text}`);
  const commands = launch.commands.map((command) => command.map(quote).join(' ')).join('\n');
  const text = [commands, ...files].join('\n\n').trim();
  return `<details><summary>${stack}</summary>\n\n\`\`\`\n${text}\n\`\`\`\n\n</details>`;
}

export function chartOf(cases: readonly CaseFigures[]): string {
  const panels = single(cases)
    .filter(({ test }) => test.kind !== 'idle')
    .map(panelOf)
    .filter((panel) => panel.bars.length > 0);
  return drawChart([...panels, ...pairPanels(cases)]);
}

function panelOf({ test, figures }: CaseFigures): Panel {
  const metric = metricOf(test);
  const valid = figures.filter((figure) => figure.load !== null && figure.problems.length === 0);
  const bars = valid.map(({ stack, load }) => ({
    label: stack,
    value: load![metric].median,
    isOurs: stack === 'vivarium',
  }));
  return {
    title: test.title,
    unit: metric === 'requestsPerSecond' ? 'requests/s' : 'requests/CPU-s',
    bars: bars.toSorted((a, b) => b.value - a.value),
  };
}
