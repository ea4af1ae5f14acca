/** A generation: the workers that serve together, each in a place (slot) of its own, which is filled again when it leaves. */
import { type Member, RELOAD, type Slot } from './pool-member.ts';

export class Generation {
  readonly #slots: Slot[];

  constructor(size: number) {
    this.#slots = Array.from({ length: size }, emptySlot);
  }

  /** Places, whether a worker is there or not. */
  get size(): number {
    return this.#slots.length;
  }

  /** Each place has a worker in this state. */
  areAll(state: Member['state']): boolean {
    return this.#slots.every(({ member }) => member?.state === state);
  }

  isAny(state: Member['state']): boolean {
    return this.#slots.some(({ member }) => member?.state === state);
  }

  /** A worker loads, or is to be started after a while. */
  get isTrying(): boolean {
    return this.#slots.some((slot) => slot.cancelRetry !== null || slot.member?.state === 'loading');
  }

  /** Places that nobody fills. */
  get vacant(): Slot[] {
    return this.#slots.filter(({ member, cancelRetry }) => member === null && cancelRetry === null);
  }

  has({ slot }: Member): boolean {
    return slot !== null && this.#slots.includes(slot);
  }

  cancelRetries(): void {
    for (const slot of this.#slots) cancelRetry(slot);
  }

  cancelSuccessors(): void {
    for (const slot of this.#slots) cancelSuccessor(slot);
  }

  /** Its workers have to go; those that serve finish their requests. */
  dissolve(reason: string): void {
    for (const slot of this.#slots) {
      cancelRetry(slot);
      cancelSuccessor(slot);
      slot.member?.leave(reason, RELOAD);
    }
  }
}

function emptySlot(): Slot {
  return { member: null, successor: null, failures: 0, predecessor: null, cancelRetry: null };
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
