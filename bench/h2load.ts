/** Runs h2load, the load generator for HTTP/2, and reads its report. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { LOAD_CORE, type LoadReport } from './wrk.ts';

const run = promisify(execFile);

export interface Http2Load {
  readonly url: string;
  readonly connections: number;
  /** Requests under way on each connection. */
  readonly streams: number;
  readonly seconds: number;
}

export async function runH2load(load: Http2Load, signal: AbortSignal): Promise<LoadReport> {
  const folder = mkdtempSync(join(tmpdir(), 'vivarium-bench-'));
  const log = join(folder, 'requests');
  const sizes = [`-c${load.connections}`, `-m${load.streams}`, `-D${load.seconds}`];
  const args = ['-c', String(LOAD_CORE), 'h2load', ...sizes, `--log-file=${log}`, load.url];
  try {
    const { stdout } = await run('taskset', args, { signal });
    return parseH2load(stdout, readFileSync(log, 'utf8'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** `log`: a line for each request: when it began, its status, and how long it took, in microseconds. */
export function parseH2load(output: string, log: string): LoadReport {
  const rate = /finished in .*?, ([\d.]+) req\/s/.exec(output);
  const counts = /^requests: .*?(\d+) succeeded, (\d+) failed, (\d+) errored/m.exec(output);
  if (rate === null || counts === null) throw new Error(`h2load printed no result: ${output.trim()}`);
  const [succeeded, failed, errored] = counts.slice(1).map(Number);
  const times = log
    .trimEnd()
    .split('\n')
    .map((line) => Number(line.split('\t')[2]) / 1000);
  times.sort((a, b) => a - b);
  const bad = [
    ...(succeeded === 0 ? ['no request was answered'] : []),
    ...(failed! + errored! > 0 ? [`${failed} failed, ${errored} errored`] : []),
  ];
  return {
    requests: succeeded!,
    requestsPerSecond: Number(rate[1]),
    p50Ms: percentile(times, 0.5),
    p99Ms: percentile(times, 0.99),
    problems: bad,
  };
}

function percentile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}
