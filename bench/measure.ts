/** One measurement of one stack: what wrk saw, and what it cost the stack. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Case, hostOf, SLOW_CONNECTIONS, SLOW_PATH } from './cases.ts';
import { runH2load } from './h2load.ts';
import { openIdleConnections } from './idle-connections.ts';
import { busySecondsOf } from './proc.ts';
import type { Stack } from './stack.ts';
import { type LoadReport, runWrk, SERVER_CORE } from './wrk.ts';

export interface LoadSample extends LoadReport {
  /** User and system time of every process of the stack. */
  readonly cpuSeconds: number;
  /** The same by the name of the process. */
  readonly cpuSecondsByProcess: ReadonlyMap<string, number>;
  /** Share of the servers' core that went to other programs, or to the hypervisor: how far to trust the sample. */
  readonly otherShare: number;
}

export interface IdleSample {
  /** Proportional set size of every process of the stack before the first connection. */
  readonly pssBytes: number;
  readonly bytesPerConnection: number;
  readonly problems: readonly string[];
}

/** Time in which buffers that were needed for opening alone are given back. */
const SETTLE_MS = 1_000;

export async function measureLoad(
  stack: Stack,
  test: Case,
  seconds: number,
  script: string | undefined,
  signal: AbortSignal,
): Promise<LoadSample> {
  const { connections, gzip } = test;
  const url = stack.origin + test.request.path;
  const load = { url, connections, seconds, script, gzip, host: hostOf(test) };
  const slow = { url: stack.origin + SLOW_PATH, connections: SLOW_CONNECTIONS, seconds };
  const before = readClocks(stack);
  const [report, beside] = await Promise.all([
    test.http2Streams === undefined
      ? runWrk(load, signal)
      : runH2load({ url, connections, streams: test.http2Streams, seconds }, signal),
    test.kind === 'mixed' ? runWrk(slow, signal) : null,
  ]);
  const after = readClocks(stack);
  const cpuSecondsByProcess = new Map<string, number>();
  for (const [name, total] of after.stack)
    cpuSecondsByProcess.set(name, total - (before.stack.get(name) ?? 0));
  const cpuSeconds = [...cpuSecondsByProcess.values()].reduce((sum, each) => sum + each, 0);
  const otherSeconds = after.busySeconds - before.busySeconds - cpuSeconds;
  const otherShare = Math.max(0, otherSeconds / ((after.nowMs - before.nowMs) / 1000));
  const problems = [...report.problems, ...(beside?.problems ?? []).map((problem) => `slow URL: ${problem}`)];
  return { ...report, problems, cpuSeconds, cpuSecondsByProcess, otherShare };
}

function readClocks(stack: Stack) {
  return { stack: stack.cpuSeconds(), busySeconds: busySecondsOf(SERVER_CORE), nowMs: performance.now() };
}

export async function measureIdle(stack: Stack, test: Case, signal: AbortSignal): Promise<IdleSample> {
  await sleep(SETTLE_MS, undefined, { signal });
  const pssBytes = stack.pssBytes();
  const port = Number(new URL(stack.origin).port);
  const connections = await openIdleConnections(port, test.connections, test.answer.body!, signal);
  try {
    await sleep(SETTLE_MS, undefined, { signal });
    const held = connections.held();
    const bytesPerConnection = (stack.pssBytes() - pssBytes) / held;
    const problems = held < test.connections ? [`held ${held} of ${test.connections} connections`] : [];
    return { pssBytes, bytesPerConnection, problems };
  } finally {
    connections.close();
  }
}
