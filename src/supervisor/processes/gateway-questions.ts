/** Asks the gateway what only it knows, and does not wait for the answer for ever. */
import type { GatewayAnswers, ToGateway } from '../../control/messages.ts';
import type { Clock } from '../clock.ts';

/** A gateway that is so busy is of more interest than what it would say. It may wait for its workers for a second. */
const ANSWER_WAIT_MS = 2000;

type Question = keyof GatewayAnswers;

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
    const id = ++this.#asked;
    const { promise, resolve } = Promise.withResolvers<GatewayAnswers[Q] | null>();
    this.#pending.set(id, resolve as (answer: unknown) => void);
    const cancelWait = this.#clock.after(ANSWER_WAIT_MS, () => this.answered(id, null));
    void promise.then(cancelWait);
    this.#tell({ type: 'ask', id, question });
    return promise;
  }

  /** An answer that comes too late is of no use. */
  answered(id: number, answer: GatewayAnswers[Question] | null): void {
    this.#pending.get(id)?.(answer);
    this.#pending.delete(id);
  }
}
