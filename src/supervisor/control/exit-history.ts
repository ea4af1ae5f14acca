/** The last processes that ended and why, for `vivarium status`, and how many; the log has them all. */
import type { ProcessExit } from '../../control/protocol.ts';
import type { Member } from '../pool/pool-member.ts';
import { kindOfDeath } from '../processes/exit-cause.ts';

const KEPT_MAX = 10;

type EndedMember = Pick<Member, 'state' | 'failure' | 'reason' | 'stopReason'>;

export class ExitHistory {
  #newest: readonly ProcessExit[] = [];
  #unexpected = { workers: 0, gateways: 0 };
  readonly #workerReasons: Record<string, number> = {};

  /** The newest first. */
  get newest(): readonly ProcessExit[] {
    return this.#newest;
  }

  /** Processes that ended unasked. */
  get restarts(): { readonly workers: number; readonly gateways: number } {
    return this.#unexpected;
  }

  /** How many workers have ended, by why in one word. */
  get workerReasons(): Readonly<Record<string, number>> {
    return this.#workerReasons;
  }

  /** `whyStopped`: why it was told to stop; null when it was not, or when the server stops. */
  addGateway(process: string, cause: string, wasExpected: boolean, whyStopped: string | null = null): void {
    if (!wasExpected) this.#unexpected.gateways++;
    this.#add({ process, cause, reason: whyStopped, wasExpected });
  }

  /** `process` as people call it: "worker 3 (pid 77)". */
  addWorker(member: EndedMember, process: string, cause: string, whyStopped: string | null = null): void {
    const { state, failure, reason } = member;
    const wasExpected = state === 'stopping' && failure === null;
    if (!wasExpected) this.#unexpected.workers++;
    const word = reasonOf(member, cause);
    this.#workerReasons[word] = (this.#workerReasons[word] ?? 0) + 1;
    this.#add({ process, cause, reason: failure ?? reason ?? whyStopped, wasExpected });
  }

  #add(exit: Omit<ProcessExit, 'at'>): void {
    this.#newest = [{ at: new Date().toISOString(), ...exit }, ...this.#newest].slice(0, KEPT_MAX);
  }
}

/** What it was told, unless it went before or was of no use: then how it died, or `failed`. */
function reasonOf({ state, failure, stopReason }: EndedMember, cause: string): string {
  if (state !== 'stopping') return kindOfDeath(cause);
  return failure === null ? stopReason : 'failed';
}
