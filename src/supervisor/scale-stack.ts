/** What an operator may ask of the number of workers. */
import type { ProcessRange } from '../config/configuration.ts';
import { type ReloadOutcome, refusal } from './pool/reloads.ts';
import type { Stack } from './stack.ts';

type ScaledStack = Pick<Stack, 'configuration' | 'pool'>;

/** `application` is its name; null: the only one. */
export async function scaleStack(
  { configuration, pool }: ScaledStack,
  application: string | null,
  range: ProcessRange,
): Promise<ReloadOutcome> {
  if (pool === null) return refusal('there is no application, only files are served');
  const name = configuration.application?.name;
  if (application !== null && application !== name)
    return refusal(
      `there is no application ${JSON.stringify(application)}; there is ${JSON.stringify(name)}`,
    );
  return pool.scaleTo(range, 'by vivarium scale');
}

/** One worker more or one less, from now on that number. There is always one. */
export function stepScale({ pool }: ScaledStack, by: 1 | -1, signal: string): void {
  if (pool === null) return;
  const size = Math.max(1, pool.scale.size + by);
  void pool.scaleTo({ min: size, max: size }, `by ${signal}`);
}
