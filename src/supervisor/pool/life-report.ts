/** What the log says of a worker that has come or gone. */
import type { Log } from '../../telemetry/log.ts';
import type { Member } from './pool-member.ts';

export function reportReady(log: Log, { process, slot, loadingMs }: Member): void {
  const predecessor = slot?.predecessor ?? null;
  const loading = `loading took ${(loadingMs / 1000).toFixed(2)} s`;
  if (predecessor === null) log.info('worker-started', `${process.label} is ready: ${loading}`);
  else log.info('worker-replaced', `${process.label} took the place of ${predecessor}: ${loading}`);
}

/** `cause` in words, see exit-cause.ts. */
export function reportExit(
  log: Log,
  { process, state, wasKilled }: Member,
  cause: string,
  limitMs: number,
): void {
  const { label } = process;
  if (wasKilled)
    log.warn('worker-killed', `${label} had not stopped within ${limitMs / 1000} s and was killed`);
  else log[state === 'stopping' ? 'debug' : 'warn']('worker-exited', `${label} ${cause}`);
}

/** `why` completes "worker 3 (pid 77) …". Its interpreter does not run, so its threads are looked at from outside. */
export function reportDeadlock(log: Log, { process }: Member, why: string, then: () => void): void {
  process.takeStacks(({ python, native }) => {
    const cause = 'native code holds the interpreter lock, or waits for ever with it';
    log.error('worker-deadlocked', `${process.label} ${why}: ${cause}${python}${native}`);
    then();
  });
}

/** "1 worker", "2 workers" */
/** "4 new workers" */
export function countWorkers(count: number, which = ''): string {
  return [count, which, count === 1 ? 'worker' : 'workers'].filter((word) => word !== '').join(' ');
}
