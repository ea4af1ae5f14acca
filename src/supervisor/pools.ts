/**
 * The pools of a stack, one for each application. A stack is there for the applications of its configuration: they have
 * to be ready before it takes over, and are reloaded as one. Drop-ins (drop-ins.ts) come and go beside them.
 */
import type { ToGateway } from '../control/messages.ts';
import type { ApplicationPool } from './application-pool.ts';
import { type Member, type StopReason, untilSettledMs } from './pool/pool-member.ts';
import type { ReloadOutcome } from './pool/reloads.ts';
import { reloadTogether } from './reload-together.ts';

export class Pools {
  readonly #byName = new Map<string, ApplicationPool>();

  add(pool: ApplicationPool): void {
    this.#byName.set(pool.name, pool);
  }

  get(name: string): ApplicationPool | undefined {
    return this.#byName.get(name);
  }

  delete(name: string): void {
    this.#byName.delete(name);
  }

  [Symbol.iterator](): IterableIterator<ApplicationPool> {
    return this.#byName.values();
  }

  /** Those of the applications that the configuration names. */
  get configured(): readonly ApplicationPool[] {
    return [...this].filter(({ settings }) => !settings.isDropIn);
  }

  /** Each has its workers, or it is known that it cannot have any. */
  get areSettled(): boolean {
    return this.configured.every(({ isSettled }) => isSettled);
  }

  /** Each has all its workers. */
  get areWhole(): boolean {
    return this.configured.every(({ pool }) => pool.isWhole);
  }

  /** When all workers have been ready long enough to be relied on. */
  get untilSettledMs(): number {
    return untilSettledMs(this.configured.flatMap(({ pool }): Member[] => [...pool.members]));
  }

  /** Workers that there should be now, by application. */
  get sizes(): ReadonlyMap<string, number> {
    return new Map(Array.from(this, ({ name, pool }) => [name, pool.scale.size]));
  }

  /** Null: with as many workers as the configuration says. Otherwise with one at least, to see whether it can be loaded. */
  start(sizes: ReadonlyMap<string, number> | null): void {
    for (const { name, pool } of this.configured)
      pool.start(sizes === null ? 0 : Math.max(1, sizes.get(name) ?? 0));
  }

  introduction(): ToGateway[] {
    return [...this].flatMap((pool) => pool.introduction());
  }

  /** All of the configuration as one, and then the drop-ins that run; or one alone. */
  async reload(name: string | null): Promise<ReloadOutcome> {
    if (name !== null) return reloadTogether([this.get(name)].filter((pool) => pool !== undefined));
    const outcome = await reloadTogether(this.configured);
    // Nobody waits for these: how they fare is their own business.
    if (outcome.ok)
      for (const { settings, pool } of this) if (settings.isDropIn && pool.scale.size > 0) void pool.reload();
    return outcome;
  }

  async stop(reason: StopReason): Promise<void> {
    await Promise.all(Array.from(this, ({ pool }) => pool.stop(reason)));
  }

  kill(): void {
    for (const { pool } of this) pool.kill();
  }
}
