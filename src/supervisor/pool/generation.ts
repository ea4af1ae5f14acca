/** A generation: the workers that serve together, each in a place (slot) of its own, which is filled again when it leaves. */
import { type Member, RELOAD, type Slot } from './pool-member.ts';

export class Generation {
  readonly #number: number;
  #slots: Slot[];

  constructor(number: number, slots: Slot[] = []) {
    this.#number = number;
    this.#slots = slots;
  }

  /** Places, whether a worker is there or not. */
  get size(): number {
    return this.#slots.length;
  }

  /** Each place has a worker in this state. */
  areAll(state: Member['state']): boolean {
    return this.#slots.every(({ member }) => member?.state === state);
  }

  /** The workers, if all serve and none is being replaced. */
  get settled(): readonly Member[] | null {
    const isSettled = this.areAll('active') && this.#slots.every(({ successor }) => successor === null);
    return isSettled ? this.#slots.map(({ member }) => member!) : null;
  }

  membersIn(state: Member['state']): readonly Member[] {
    return this.#slots.flatMap(({ member }) => (member?.state === state ? member : []));
  }

  /** A worker loads, or is to be started after a while. */
  get isTrying(): boolean {
    return this.#slots.some((slot) => slot.cancelRetry !== null || slot.member?.state === 'loading');
  }

  /** One that could not be started is tried again, before others are. */
  get isRetrying(): boolean {
    return this.#slots.some(
      ({ cancelRetry, failures, member }) =>
        cancelRetry !== null || (failures > 0 && member?.state === 'loading'),
    );
  }

  /** Places that nobody fills. */
  get vacant(): Slot[] {
    return this.#slots.filter(({ member, cancelRetry }) => member === null && cancelRetry === null);
  }

  has({ slot }: Member): boolean {
    return slot !== null && this.#slots.includes(slot);
  }

  grow(size: number): void {
    while (this.#slots.length < size) this.#slots.push(emptySlot(this.#number));
  }

  /** Returns the places that are given up: those without a worker that serves, then those of the youngest workers. */
  shrink(size: number): Generation {
    const byUse = this.#slots.toSorted((a, b) => useOf(a) - useOf(b));
    const released = byUse.slice(0, Math.max(0, byUse.length - size));
    this.#slots = this.#slots.filter((slot) => !released.includes(slot));
    return new Generation(this.#number, released);
  }

  cancelRetries(): void {
    for (const slot of this.#slots) cancelRetry(slot);
  }

  cancelSuccessors(): void {
    for (const slot of this.#slots) cancelSuccessor(slot);
  }

  /** Its workers have to go; see Member.leave. */
  dissolve(reason: string, stopReason = RELOAD): void {
    for (const slot of this.#slots) {
      cancelRetry(slot);
      cancelSuccessor(slot);
      slot.member?.leave(reason, stopReason);
    }
  }
}

/** In the order in which places are given up. The gateway prefers the oldest workers, so the youngest do the least. */
function useOf({ member, cancelRetry }: Slot): number {
  if (member === null) return cancelRetry === null ? -4 : -3;
  return member.state === 'active' ? 1 / member.process.identity.worker : -2;
}

function emptySlot(generation: number): Slot {
  return { generation, member: null, successor: null, failures: 0, predecessor: null, cancelRetry: null };
}

function cancelRetry(slot: Slot): void {
  slot.cancelRetry?.();
  slot.cancelRetry = null;
}

function cancelSuccessor(slot: Slot): void {
  const { successor } = slot;
  if (successor === null) return;
  slot.successor = null;
  successor.slot = null;
  successor.terminate();
}
