/** The figures as tables of cells, for the terminal and for the page alike. */
import { formatNumber } from './chart.ts';
import { type CaseFigures, type Figure, metricOf } from './figures.ts';
import { GOALS, verdict } from './goals.ts';

/** The first row is the heading; the first column holds names, the others numbers. */
export type Table = readonly (readonly string[])[];

const OURS = 'vivarium';

/** CPU time of a request below which a process, such as a supervisor, has no part in it. */
const NEGLIGIBLE_MICROS = 0.1;

export function caseTable(entry: CaseFigures): Table {
  return entry.test.kind === 'idle' ? idleTable(entry) : loadTable(entry);
}

function loadTable({ test, figures }: CaseFigures): Table {
  const metric = metricOf(test);
  const ours = figures.find((figure) => figure.stack === OURS && figure.problems.length === 0)?.load?.[metric]
    .median;
  const per = metric === 'requestsPerSecond' ? 'requests/s' : 'requests/CPU-s';
  const heading = [
    'stack',
    'requests/CPU-s',
    'min – max',
    'requests/s',
    'p50 ms',
    'p99 ms',
    `vivarium ÷ it (${per})`,
  ];
  const rows = figures.map((figure) => {
    if (figure.load === null || figure.problems.length > 0) return invalidRow(figure, heading.length);
    const { requestsPerCpuSecond: perCpu, requestsPerSecond, p50Ms, p99Ms } = figure.load;
    const range = `${formatNumber(perCpu.min)} – ${formatNumber(perCpu.max)}`;
    const numbers = [perCpu.median, requestsPerSecond.median, p50Ms, p99Ms].map(formatNumber);
    const times = ours === undefined ? '' : `${formatNumber(ours / figure.load[metric].median)} ×`;
    return [figure.stack, numbers[0]!, range, ...numbers.slice(1), figure.stack === OURS ? '' : times];
  });
  return [heading, ...rows];
}

/** Where the time of a request goes: "vivarium: gateway 5.1 µs, worker 4.2 µs". */
export function cpuByProcess({ load, stack }: Figure): string {
  const parts = [...(load?.cpuMicrosByProcess ?? [])]
    .filter(([, micros]) => micros >= NEGLIGIBLE_MICROS)
    .toSorted(([, a], [, b]) => b - a)
    .map(([name, micros]) => `${name} ${formatNumber(micros)} µs`);
  return parts.length === 0 ? '' : `${stack}: ${parts.join(', ')}`;
}

function idleTable({ figures }: CaseFigures): Table {
  const heading = ['stack', 'idle, MB', 'each connection, KB'];
  const rows = figures.map((figure) => {
    if (figure.idle === null || figure.problems.length > 0) return invalidRow(figure, heading.length);
    const { pssBytes, bytesPerConnection } = figure.idle;
    return [figure.stack, formatNumber(pssBytes / 1e6), formatNumber(bytesPerConnection / 1e3)];
  });
  return [heading, ...rows];
}

/** A figure with a problem is none: the reason stands in the place of the numbers. */
function invalidRow(figure: Figure, columns: number): string[] {
  return [figure.stack, `invalid: ${figure.problems.join('; ')}`, ...Array(columns - 2).fill('')];
}

export function goalTable(cases: readonly CaseFigures[]): Table {
  const rows = GOALS.map((goal) => {
    const measured = goal.measured(cases);
    const bound = (value: number) => `${goal.better === 'higher' ? '≥' : '≤'} ${value} ${goal.unit}`;
    const wanted = bound(goal.required) + (goal.aim === undefined ? '' : ` (aim ${bound(goal.aim)})`);
    const found = measured === null ? '' : `${formatNumber(measured)} ${goal.unit}`;
    return [goal.title, wanted, found, verdict(goal, measured)];
  });
  return [['figure to reach', 'wanted', 'measured', 'verdict'], ...rows];
}

/** For a terminal: columns of equal width, numbers to the right. */
export function printTable(table: Table): string {
  const isReason = (cell: string) => cell.startsWith('invalid: ');
  const widths = table[0]!.map((_, column) =>
    Math.max(...table.map((row) => (isReason(row[column]!) ? 0 : row[column]!.length))),
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) =>
        column === 0 || isReason(cell) ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!),
      )
      .join('  ')
      .trimEnd();
  return `${table.map(line).join('\n')}\n`;
}

/** For the page. The first column stands to the left, the others as told. */
export function markdownTable(table: Table, others: 'left' | 'right' = 'right'): string {
  const line = (row: readonly string[]) =>
    `| ${row.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
  const rule = table[0]!.map((_, column) => (column === 0 || others === 'left' ? '---' : '---:'));
  return line(table[0]!) + line(rule) + table.slice(1).map(line).join('');
}
