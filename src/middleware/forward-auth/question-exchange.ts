/**
 * A request that we make of a handler on behalf of another one, before that goes on: its answer comes to us, and the
 * client hears nothing of it.
 */
import { ERROR_FIELDS, errorPage } from '../../error-page.ts';
import type { Bytes, Exchange, FieldList, Request, RequestBody } from '../../exchange.ts';
import { FilteredExchange } from '../../filtered-exchange.ts';
import type { Handler } from '../../handler.ts';
import { NoVerdict, passableFields, VERDICT_BYTES_MAX, type Verdict } from './verdict.ts';

export interface Question {
  readonly request: Request;
  /** Variables for an application: name, value, …, beside those of the exchange. */
  readonly environ?: readonly string[];
}

/** Rejects with NoVerdict. `gone`: nobody waits for it any more. */
export function askHandler(
  exchange: Exchange,
  { request, environ = [] }: Question,
  handler: Handler,
  gone: AbortSignal,
): Promise<Verdict> {
  return new Promise((resolve, reject) => {
    const question = new QuestionExchange(exchange, request, resolve, reject);
    if (environ.length > 0) question.environ = [...(exchange.environ ?? []), ...environ];
    gone.addEventListener('abort', () => question.leave(), { once: true });
    handler(question);
  });
}

class QuestionExchange extends FilteredExchange {
  readonly #resolve: (verdict: Verdict) => void;
  readonly #reject: (error: Error) => void;
  #status = 0;
  #fields: FieldList = [];
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #isOver = false;
  // The client is told nothing of this exchange, and hears of it from us when it goes.
  #onGone: (() => void) | null = null;
  #captures: Exchange['captures'];
  #environ: string[] | null;

  constructor(
    inner: Exchange,
    request: Request,
    resolve: (verdict: Verdict) => void,
    reject: (error: Error) => void,
  ) {
    super(inner, request);
    this.#captures = inner.captures;
    this.#environ = inner.environ && [...inner.environ];
    this.#resolve = resolve;
    this.#reject = reject;
  }

  override get body(): RequestBody | null {
    return null;
  }

  override get captures(): Exchange['captures'] {
    return this.#captures;
  }

  override set captures(captures: Exchange['captures']) {
    this.#captures = captures;
  }

  override get environ(): string[] | null {
    return this.#environ;
  }

  override set environ(environ: string[] | null) {
    this.#environ = environ;
  }

  override get status(): number {
    return this.#status;
  }

  override get onGone(): (() => void) | null {
    return this.#onGone;
  }

  override set onGone(callback: (() => void) | null) {
    this.#onGone = callback;
  }

  override get onDrain(): (() => void) | null {
    return null;
  }

  /** There is always room. */
  override set onDrain(_: (() => void) | null) {}

  leave(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#onGone?.();
  }

  override respond(status: number, fields: FieldList, body: Bytes): void {
    this.start(status, fields);
    this.write(body);
    this.end();
  }

  override start(status: number, fields: FieldList): void {
    if (this.#isOver) return;
    this.#status = status;
    this.#fields = fields;
  }

  override write(chunk: Bytes): boolean {
    if (this.#isOver) return true;
    this.#bytes += chunk.length;
    if (this.#bytes > VERDICT_BYTES_MAX) this.#giveUp(`more than ${VERDICT_BYTES_MAX} bytes`);
    // A handler may use its buffer again.
    else this.#chunks.push(typeof chunk === 'string' ? Buffer.from(chunk, 'latin1') : Buffer.from(chunk));
    return true;
  }

  override end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const body = Buffer.concat(this.#chunks, this.#bytes);
    this.#resolve({ status: this.#status, fields: passableFields(this.#fields), body });
  }

  override abort(status: number, why: string, fields: FieldList = []): void {
    if (this.#isOver) return;
    // A refusal is an answer; an error is none.
    if (this.#status === 0 && status < 500)
      this.respond(status, [...ERROR_FIELDS, ...fields], errorPage(status, why));
    else this.#giveUp(`${status} ${why}`);
  }

  #giveUp(why: string): void {
    this.leave();
    this.#reject(new NoVerdict(why));
  }
}
