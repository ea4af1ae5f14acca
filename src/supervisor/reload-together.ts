/**
 * Reloads several applications as one: requests go to the new workers of all of them when the last of these is ready;
 * when one application cannot be loaded, the new workers of the others are given up, too.
 */
import type { ReloadOutcome } from './pool/reloads.ts';
import type { WorkerPool } from './pool/worker-pool.ts';

interface ReloadedApplication {
  readonly name: string;
  readonly pool: Pick<WorkerPool, 'reload' | 'giveUpReload'>;
}

export async function reloadTogether(applications: readonly ReloadedApplication[]): Promise<ReloadOutcome> {
  const [first, ...others] = applications;
  if (first === undefined) return { ok: true, detail: 'there is none that has to be loaded' };
  if (others.length === 0) return first.pool.reload();
  const ready: (() => void)[] = [];
  const hold = (go: () => void) => {
    ready.push(go);
    if (ready.length === applications.length) for (const one of ready) one();
  };
  let failure: ReloadOutcome | null = null;
  const reload = async ({ name, pool }: ReloadedApplication): Promise<string> => {
    const outcome = await pool.reload(hold);
    if (outcome.ok) return `${name}: ${outcome.detail}`;
    if (failure !== null) return '';
    failure = { ...outcome, why: `${name}: ${outcome.why}` };
    for (const other of applications) other.pool.giveUpReload(`${name} could not be reloaded`);
    return '';
  };
  const details = await Promise.all(applications.map(reload));
  return failure ?? { ok: true, detail: details.join('; ') };
}
