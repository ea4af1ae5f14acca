/** The living workers of a pool, those that finish or stop among them. */
import type { Clock } from '../clock.ts';
import type { PoolEffects, PoolSettings } from './pool-effects.ts';
import { Member, type Slot } from './pool-member.ts';

export class Members {
  readonly #settings: PoolSettings;
  readonly #effects: Pick<PoolEffects, 'nextNumber' | 'spawn'>;
  readonly #clock: Clock;
  readonly #overdue: (member: Member, why: string, stacks: string) => void;
  readonly #byNumber = new Map<number, Member>();

  /** `overdue`: see Member. */
  constructor(
    settings: PoolSettings,
    effects: Pick<PoolEffects, 'nextNumber' | 'spawn'>,
    clock: Clock,
    overdue: (member: Member, why: string, stacks: string) => void,
  ) {
    this.#settings = settings;
    this.#effects = effects;
    this.#clock = clock;
    this.#overdue = overdue;
  }

  [Symbol.iterator](): Iterator<Member> {
    return this.#byNumber.values();
  }

  get size(): number {
    return this.#byNumber.size;
  }

  get(worker: number): Member | undefined {
    return this.#byNumber.get(worker);
  }

  start(slot: Slot): Member {
    const worker = this.#effects.nextNumber();
    const process = this.#effects.spawn(worker, slot.generation);
    const member = new Member(process, slot, this.#settings, this.#clock, this.#overdue);
    this.#byNumber.set(worker, member);
    return member;
  }

  /** The process of `worker` is gone. */
  end(worker: number): Member | undefined {
    const member = this.#byNumber.get(worker);
    member?.end();
    this.#byNumber.delete(worker);
    return member;
  }
}

export function numbersOf(members: readonly Member[]): number[] {
  return members.map(({ process }) => process.identity.worker).sort((a, b) => a - b);
}
