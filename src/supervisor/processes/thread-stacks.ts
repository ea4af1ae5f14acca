/**
 * Where the threads of a worker are when it cannot be asked any more. The worker has a signal handler in C for that
 * (Python's faulthandler), which needs no interpreter: it writes the Python stacks to the lifeline. What the threads do
 * in native code is told by Linux, in /proc.
 */
import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import { type NativeThread, readThreads } from './native-threads.ts';

/** Ignored by processes that do not know it: a worker that has not come so far yet is not ended by it. */
const SIGNAL = 'SIGURG';
/** The handler writes without pauses, as soon as the main thread gets a processor. */
const FIRST_WAIT_MS = 1_000;
const PAUSE_MS = 200;
const TEXT_MAX = 262_144;
/** How a thread came to the application: our own code, and what starts threads and modules. */
const OURS =
  /^ {2}File "(?:[^"]*\/python\/(?:vivarium\/[\w/]+|__main__)\.py|[^"]*\/threading\.py|<frozen [^"]*>)"/;

export interface ThreadStacks {
  /** For the log, each line indented; '' when nothing is known. */
  readonly python: string;
  readonly native: string;
}

/** `written` is what the worker writes to its lifeline. */
export function takeStacks(
  child: ChildProcess,
  written: Readable,
  then: (stacks: ThreadStacks) => void,
): void {
  const before = readThreads(child.pid!);
  let text = '';
  const finish = () => {
    written.off('data', onData);
    const native = describeThreads(before, readThreads(child.pid!));
    then({ python: formatDump(text), native });
  };
  let timer = setTimeout(finish, FIRST_WAIT_MS);
  const onData = (chunk: Buffer) => {
    if (text.length < TEXT_MAX) text += chunk.latin1Slice();
    clearTimeout(timer);
    timer = setTimeout(finish, PAUSE_MS);
  };
  written.on('data', onData);
  child.kill(SIGNAL);
}

/** What faulthandler has written, without the threads that wait for work and without our part of the others. */
export function formatDump(dump: string): string {
  const threads: string[] = [];
  for (const block of dump.trimEnd().split(/\n\n/)) {
    const [title, ...calls] = block.split('\n');
    if (title === undefined || calls.length === 0 || OURS.test(calls[0]!)) continue;
    while (OURS.test(calls.at(-1)!)) calls.pop();
    threads.push([`  ${title}`, ...calls.map((call) => `  ${call}`)].join('\n'));
  }
  return threads.map((thread) => `\n${thread}`).join('');
}

/** One that has used the processor all the time while no other thread got the interpreter is the culprit. */
export function describeThreads(before: readonly NativeThread[], after: readonly NativeThread[]): string {
  const lines = after.map(({ id, name, isRunning, waitsIn, cpuMs }) => {
    const used = cpuMs - (before.find((one) => one.id === id)?.cpuMs ?? cpuMs);
    const what =
      isRunning && used > 0 ? 'runs native code' : waitsIn === '' ? 'waits' : `waits in ${waitsIn}`;
    return `\n  native thread ${id} (${name}) ${what}, ${(cpuMs / 1000).toFixed(1)} s of CPU time`;
  });
  return lines.join('');
}
