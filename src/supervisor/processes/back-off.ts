/**
 * Back-off: how long to wait before a process that keeps dying is started again. The first time at once, because
 * most deaths are single ones; then longer and longer, so that a broken application does not eat the machine.
 */

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;
/** A process that lived this long after it became ready did not die of its start. */
const SETTLED_MS = 10_000;

/**
 * `failures` in a row: 1 waits nothing, then 1 s, 2 s, 4 s … 30 s, each up to a quarter less, so that processes
 * that died together do not come back together. `random` is in [0, 1).
 */
export function backOffMs(failures: number, random: number): number {
  if (failures <= 1) return 0;
  const waitMs = Math.min(FIRST_WAIT_MS * 2 ** (failures - 2), LONGEST_WAIT_MS);
  return Math.max(waitMs * (1 - random / 4), FIRST_WAIT_MS);
}

/** Failures in a row after one more death. `readyForMs` is null for a process that never became ready. */
export function failuresAfter(failures: number, readyForMs: number | null): number {
  return readyForMs !== null && readyForMs >= SETTLED_MS ? 1 : failures + 1;
}
