/** Asks the gateway what only it knows, and does not wait for the answer for ever. */
import type { CachePurge, GatewayAnswers, PurgeReport, ToGateway } from '../../control/messages.ts';
import type { Clock } from '../clock.ts';

/** A gateway that is so busy is of more interest than what it would say. It may wait for its workers for a second. */
const ANSWER_WAIT_MS = 2000;

/** It may have to look through many files. */
const PURGE_WAIT_MS = 120_000;

type Question = Extract<ToGateway, { type: 'ask' }>['question'];

export class GatewayQuestions {
  readonly #tell: (message: ToGateway) => void;
  readonly #clock: Clock;
  readonly #pending = new Map<number, (answer: unknown) => void>();
  #asked = 0;

  constructor(tell: (message: ToGateway) => void, clock: Clock) {
    this.#tell = tell;
    this.#clock = clock;
  }

  /** Null when it does not answer in time. */
  ask<Q extends Question>(question: Q): Promise<GatewayAnswers[Q] | null> {
    return this.#send<Q>((id) => ({ type: 'ask', id, question }), ANSWER_WAIT_MS);
  }

  /** Null when it does not answer in time. */
  purge(purge: CachePurge): Promise<PurgeReport | null> {
    return this.#send<'purged'>((id) => ({ type: 'purge', id, purge }), PURGE_WAIT_MS);
  }

  /** An answer that comes too late is of no use. */
  answered(id: number, answer: GatewayAnswers[keyof GatewayAnswers] | null): void {
    this.#pending.get(id)?.(answer);
    this.#pending.delete(id);
  }

  #send<Q extends keyof GatewayAnswers>(
    message: (id: number) => ToGateway,
    waitMs: number,
  ): Promise<GatewayAnswers[Q] | null> {
    const id = ++this.#asked;
    const { promise, resolve } = Promise.withResolvers<GatewayAnswers[Q] | null>();
    this.#pending.set(id, resolve as (answer: unknown) => void);
    const cancelWait = this.#clock.after(waitMs, () => this.answered(id, null));
    void promise.then(cancelWait);
    this.#tell(message(id));
    return promise;
  }
}
