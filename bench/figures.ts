/** From samples to the figures that are printed. */
import type { Case } from './cases.ts';
import type { IdleSample, LoadSample } from './measure.ts';

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** What one stack achieved in one case. With any problem its figures are invalid, and shown as such. */
export interface Figure {
  readonly stack: string;
  readonly problems: readonly string[];
  readonly load: LoadFigure | null;
  readonly idle: Omit<IdleSample, 'problems'> | null;
}

export interface LoadFigure {
  readonly requestsPerCpuSecond: Spread;
  readonly requestsPerSecond: Spread;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** CPU time of one request in microseconds, by the name of the process. */
  readonly cpuMicrosByProcess: ReadonlyMap<string, number>;
  /** The greatest share of the servers' core that other programs had in a round. */
  readonly otherShareMax: number;
}

export interface CaseFigures {
  readonly test: Case;
  readonly figures: readonly Figure[];
}

export type Metric = 'requestsPerCpuSecond' | 'requestsPerSecond';

export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median =
    sorted.length % 2 === 1 ? sorted[middle]! : ((sorted[middle - 1] ?? Number.NaN) + sorted[middle]!) / 2;
  return { median, min: sorted[0] ?? Number.NaN, max: sorted.at(-1) ?? Number.NaN };
}

export function loadFigure(stack: string, samples: readonly LoadSample[]): Figure {
  const problems = [...new Set(samples.flatMap((sample) => sample.problems))];
  const load = {
    requestsPerCpuSecond: spread(samples.map((sample) => sample.requests / sample.cpuSeconds)),
    requestsPerSecond: spread(samples.map((sample) => sample.requestsPerSecond)),
    p50Ms: spread(samples.map((sample) => sample.p50Ms)).median,
    p99Ms: spread(samples.map((sample) => sample.p99Ms)).median,
    cpuMicrosByProcess: cpuMicrosByProcess(samples),
    otherShareMax: spread(samples.map((sample) => sample.otherShare)).max,
  };
  return { stack, problems, load: samples.length === 0 ? null : load, idle: null };
}

function cpuMicrosByProcess(samples: readonly LoadSample[]): Map<string, number> {
  const requests = samples.reduce((sum, sample) => sum + sample.requests, 0);
  const names = new Set(samples.flatMap((sample) => [...sample.cpuSecondsByProcess.keys()]));
  const seconds = (name: string) =>
    samples.reduce((sum, sample) => sum + (sample.cpuSecondsByProcess.get(name) ?? 0), 0);
  return new Map([...names].map((name) => [name, (seconds(name) * 1e6) / requests]));
}

/** The greatest share of the servers' core that other programs had while any of these figures was measured. */
export function otherShareMax(cases: readonly CaseFigures[]): number {
  const shares = cases.flatMap(({ figures }) => figures.map((figure) => figure.load?.otherShareMax ?? 0));
  return Math.max(0, ...shares);
}

export function idleFigure(stack: string, { problems, ...idle }: IdleSample): Figure {
  return { stack, problems, load: null, idle };
}

export function failedFigure(stack: string, problem: string): Figure {
  return { stack, problems: [problem], load: null, idle: null };
}

/** The valid figure of a stack in a case, if there is one. */
export function findFigure(cases: readonly CaseFigures[], test: string, stack: string): Figure | null {
  const figures = cases.find((entry) => entry.test.name === test)?.figures;
  return figures?.find((figure) => figure.stack === stack && figure.problems.length === 0) ?? null;
}

/** How many times as much `stack` achieved as `peer`; null when either has no valid figure. */
export function ratio(
  cases: readonly CaseFigures[],
  test: string,
  metric: Metric,
  stack: string,
  peer: string,
): number | null {
  const ours = findFigure(cases, test, stack)?.load;
  const theirs = findFigure(cases, test, peer)?.load;
  return ours == null || theirs == null ? null : ours[metric].median / theirs[metric].median;
}

/** The figure by which a case is judged: in the mixed case waiting is the point, so CPU time is not. */
export const metricOf = (test: Case): Metric =>
  test.kind === 'mixed' ? 'requestsPerSecond' : 'requestsPerCpuSecond';
