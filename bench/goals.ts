/** The figures to reach, as a table; whether they are reached is computed from the run. */
import type { Between } from './cases.ts';
import { type CaseFigures, findFigure, type Metric, ratio } from './figures.ts';

export interface Goal {
  readonly title: string;
  readonly unit: '×' | 'ms' | 'KB' | 'MB';
  /** What has to be reached, and what is hoped for. */
  readonly required: number;
  readonly aim?: number;
  readonly better: 'higher' | 'lower';
  measured(cases: readonly CaseFigures[]): number | null;
}

const OURS = 'vivarium';

function times(test: string, peer: string, metric: Metric = 'requestsPerCpuSecond') {
  return (cases: readonly CaseFigures[]) => ratio(cases, test, metric, OURS, peer);
}

const KB = 1000;
const MB = 1_000_000;

const BEHIND = [
  ['vivarium behind nginx', 'uWSGI behind nginx'],
  ['vivarium behind Apache', 'uWSGI behind Apache'],
] as const;
const IN_FRONT = [['uWSGI behind vivarium', 'uWSGI behind nginx']] as const;

export const GOALS: readonly Goal[] = [
  {
    title: 'Hello world, against nginx + uWSGI',
    unit: '×',
    required: 1.8,
    aim: 2.2,
    better: 'higher',
    measured: times('hello', 'nginx + uWSGI'),
  },
  {
    title: 'Hello world, against gunicorn sync',
    unit: '×',
    required: 6,
    better: 'higher',
    measured: times('hello', 'gunicorn sync'),
  },
  {
    title: 'Hello world over TLS, against nginx + uWSGI',
    unit: '×',
    required: 0.6,
    aim: 1,
    better: 'higher',
    measured: times('tls-hello', 'nginx + uWSGI'),
  },
  {
    title: 'Hello world over HTTP/2, against nginx + uWSGI',
    unit: '×',
    required: 0.3,
    better: 'higher',
    measured: times('h2-hello', 'nginx + uWSGI'),
  },
  {
    title: 'Hello world of a server behind, against nginx',
    unit: '×',
    required: 0.6,
    aim: 1,
    better: 'higher',
    measured: times('proxy', 'nginx'),
  },
  {
    title: 'Flask hello, against nginx + uWSGI',
    unit: '×',
    required: 1.4,
    better: 'higher',
    measured: times('flask', 'nginx + uWSGI'),
  },
  {
    title: 'Static file of 4 KB, against nginx',
    unit: '×',
    required: 0.8,
    aim: 1,
    better: 'higher',
    measured: times('static-4k', 'nginx'),
  },
  {
    title: 'Answer from the cache, against nginx + uWSGI',
    unit: '×',
    required: 0.8,
    aim: 1,
    better: 'higher',
    measured: times('cache-hit', 'nginx + uWSGI'),
  },
  {
    title: 'Instant requests beside slow ones: requests per second, against nginx + uWSGI',
    unit: '×',
    required: 1.5,
    aim: 2,
    better: 'higher',
    measured: times('mixed', 'nginx + uWSGI', 'requestsPerSecond'),
  },
  {
    title: 'Instant requests beside slow ones: 99th percentile',
    unit: 'ms',
    required: 8,
    aim: 2,
    better: 'lower',
    measured: (cases) => findFigure(cases, 'mixed', OURS)?.load?.p99Ms ?? null,
  },
  {
    title: 'Behind nginx and Apache, where connections are kept (HTTP, FastCGI): the least, against uWSGI',
    unit: '×',
    required: 0.6,
    aim: 1,
    better: 'higher',
    measured: leastOf(BEHIND, ['HTTP', 'FastCGI']),
  },
  {
    title: 'Behind nginx and Apache, one request a connection (SCGI, uwsgi): the least, against uWSGI',
    unit: '×',
    required: 0.3,
    aim: 1,
    better: 'higher',
    measured: leastOf(BEHIND, ['SCGI', 'uwsgi']),
  },
  {
    title: 'In front of uWSGI, the least of all protocols, against nginx',
    unit: '×',
    required: 0.3,
    aim: 1,
    better: 'higher',
    measured: leastOf(IN_FRONT, ['HTTP', 'FastCGI', 'SCGI', 'uwsgi']),
  },
  {
    title: 'Memory of an idle connection, 10,000 of them',
    unit: 'KB',
    required: 10,
    better: 'lower',
    measured: (cases) => inUnit(findFigure(cases, 'idle', OURS)?.idle?.bytesPerConnection, KB),
  },
  {
    title: 'Memory of the idle stack',
    unit: 'MB',
    required: 130,
    better: 'lower',
    measured: (cases) => inUnit(findFigure(cases, 'idle', OURS)?.idle?.pssBytes, MB),
  },
];

/** The least of these protocols, over both kinds of socket, in the cases of two servers. */
function leastOf(
  pairs: readonly (readonly [stack: string, peer: string])[],
  protocols: readonly Between['protocol'][],
) {
  return (cases: readonly CaseFigures[]): number | null => {
    const chosen = cases.filter(({ test }) => test.between && protocols.includes(test.between.protocol));
    const ratios = chosen.flatMap(({ test }) =>
      pairs.map(([stack, peer]) => ratio(cases, test.name, 'requestsPerCpuSecond', stack, peer)),
    );
    const known = ratios.filter((each) => each !== null);
    return known.length === 0 ? null : Math.min(...known);
  };
}

function inUnit(bytes: number | undefined, unit: number): number | null {
  return bytes === undefined ? null : bytes / unit;
}

/** In words: reached (and the aim with it), missed by how much, or not measured. */
export function verdict(goal: Goal, measured: number | null): string {
  if (measured === null) return 'not measured';
  const reaches = (bound: number) => (goal.better === 'higher' ? measured >= bound : measured <= bound);
  if (goal.aim !== undefined && reaches(goal.aim)) return 'reached, and the aim';
  if (reaches(goal.required)) return 'reached';
  return `missed by ${Math.round(Math.abs(measured / goal.required - 1) * 100)} %`;
}
