/** Runs wrk, the load generator, on a core of its own, and reads its report. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The core of the load generators; every server process runs on SERVER_CORE. */
export const LOAD_CORE = 1;
export const SERVER_CORE = 0;

export interface LoadReport {
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** What makes the figures worthless: answers other than 2xx and 3xx, connections that failed. */
  readonly problems: readonly string[];
}

export interface Load {
  readonly url: string;
  readonly connections: number;
  readonly seconds: number;
  /** Path of a Lua script that makes the requests; without one they are plain GETs. */
  readonly script?: string | undefined;
  readonly gzip?: boolean | undefined;
  readonly host?: string | null;
}

export async function runWrk(load: Load, signal: AbortSignal): Promise<LoadReport> {
  const script = load.script === undefined ? [] : ['-s', load.script];
  const sizes = ['-t1', `-c${load.connections}`, `-d${load.seconds}s`, '--timeout', '5s'];
  const fields = [
    ...(load.gzip === true ? ['-H', 'Accept-Encoding: gzip'] : []),
    ...(load.host ? ['-H', `Host: ${load.host}`] : []),
  ];
  const args = ['-c', String(LOAD_CORE), 'wrk', ...sizes, '--latency', ...script, ...fields, load.url];
  const { stdout } = await run('taskset', args, { signal });
  return parseWrk(stdout);
}

export function parseWrk(output: string): LoadReport {
  const requests = /(\d+) requests in /.exec(output);
  const rate = /Requests\/sec:\s+([\d.]+)/.exec(output);
  if (requests === null || rate === null) throw new Error(`wrk printed no result: ${output.trim()}`);
  const problems = output.match(/Non-2xx.*|Socket errors.*/g) ?? [];
  return {
    requests: Number(requests[1]),
    requestsPerSecond: Number(rate[1]),
    p50Ms: percentileMs(output, '50%'),
    p99Ms: percentileMs(output, '99%'),
    problems: Number(requests[1]) === 0 ? [...problems, 'no request was answered'] : problems,
  };
}

const MILLISECONDS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000 };

function percentileMs(output: string, percentile: string): number {
  const match = new RegExp(`^\\s+${percentile}\\s+([\\d.]+)(us|ms|s|m)\\s*$`, 'm').exec(output);
  return match === null ? Number.NaN : Number(match[1]) * MILLISECONDS[match[2]!]!;
}
