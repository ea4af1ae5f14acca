/** Who waits for which reload: those who ask while one is under way share the next one. */

export type ReloadOutcome =
  | { readonly ok: true; readonly detail: string }
  /** The old workers go on. The traceback is that of the new code, when that is what failed. */
  | { readonly ok: false; readonly why: string; readonly traceback: string | null };

export const STOPPING = refusal('the server is stopping');

export function refusal(why: string): Extract<ReloadOutcome, { ok: false }> {
  return { ok: false, why, traceback: null };
}

type Waiting = PromiseWithResolvers<ReloadOutcome>;

export class Reloads {
  #wanted: Waiting | null = null;
  #underWay: Waiting | null = null;

  get isWanted(): boolean {
    return this.#wanted !== null;
  }

  /** Resolves with the outcome of a reload that begins after this call. */
  want(): Promise<ReloadOutcome> {
    this.#wanted ??= Promise.withResolvers<ReloadOutcome>();
    return this.#wanted.promise;
  }

  begin(): void {
    this.#underWay = this.#wanted;
    this.#wanted = null;
  }

  end(outcome: ReloadOutcome): void {
    this.#underWay?.resolve(outcome);
    this.#underWay = null;
  }

  /** No reload will end, and none begin. */
  abandon(why: string): void {
    this.end({ ok: false, why, traceback: null });
    this.begin();
    this.end({ ok: false, why, traceback: null });
  }
}
