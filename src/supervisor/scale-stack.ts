/** What an operator may ask of the number of workers. */
import type { ProcessRange } from '../config/configuration.ts';
import type { Log } from '../telemetry/log.ts';
import type { ApplicationPool } from './application-pool.ts';
import { type ReloadOutcome, refusal } from './pool/reloads.ts';
import type { Pools } from './pools.ts';

type Found = ApplicationPool | Extract<ReloadOutcome, { ok: false }>;

/** `name`: null for the only one. */
export function findPool(pools: Pools, name: string | null): Found {
  const { configured } = pools;
  if (name === null && configured.length === 1) return configured[0]!;
  const found = name === null ? undefined : pools.get(name);
  if (found !== undefined) return found;
  const names = Array.from(pools, (pool) => JSON.stringify(pool.name));
  if (names.length === 0) return refusal('there is no application, only files are served');
  const list = `${names.length === 1 ? 'there is' : 'there are'} ${names.join(', ')}`;
  return refusal(
    name === null
      ? `which application is meant? ${list}`
      : `there is no application ${JSON.stringify(name)}; ${list}`,
  );
}

/** `application` is its name; null: the only one. */
export async function scaleStack(
  pools: Pools,
  application: string | null,
  range: ProcessRange,
): Promise<ReloadOutcome> {
  const found = findPool(pools, application);
  return 'pool' in found ? found.pool.scaleTo(range, 'by vivarium scale') : found;
}

/** One worker more or one less, from now on that number. There is always one. A signal cannot say which application. */
export function stepScale(pools: Pools, by: 1 | -1, signal: string, log: Log): void {
  if (pools.configured.length === 0) return;
  const found = findPool(pools, null);
  if (!('pool' in found))
    return log.warn('scale-refused', `${signal}: ${found.why}; use vivarium scale NAME=N`);
  const size = Math.max(1, found.pool.scale.size + by);
  void found.pool.scaleTo({ min: size, max: size }, `by ${signal}`);
}
