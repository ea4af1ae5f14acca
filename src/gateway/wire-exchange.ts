/** What exchanges are alike in, whatever their wire: what was attached to them, and how they ended. */
import type { Bytes, Exchange, FieldList, Outcome, Progress, Request, RequestBody } from '../exchange.ts';

const NO_FIELDS: FieldList = [];

export abstract class WireExchange implements Exchange {
  abstract readonly request: Request;
  readonly id: string;
  body: RequestBody | null = null;
  captures: Readonly<Record<string, string>> | null = null;
  environ: string[] | null = null;
  counted = 0;

  onDrain: (() => void) | null = null;
  onGone: (() => void) | null = null;
  onFinished: ((exchange: Exchange) => void) | null = null;

  status = 0;
  responseFields: FieldList = NO_FIELDS;
  bodyBytesSent = 0;
  outcome: Outcome = 'complete';
  durationMs = 0;
  workerPid = 0;
  application: Progress | null = null;
  receivedAt: number;
  readonly #began: number;

  /** `began`, `receivedAt`: performance.now() at the first byte of the request and when it was there whole. */
  constructor(id: string, began: number, receivedAt: number) {
    this.id = id;
    this.#began = began;
    this.receivedAt = receivedAt;
  }

  abstract respond(status: number, fields: FieldList, body: Bytes, reason?: string): void;
  abstract start(status: number, fields: FieldList, reason?: string): void;
  abstract write(chunk: Bytes): boolean;
  abstract end(trailers?: FieldList): void;
  abstract interim(status: number, fields: FieldList): void;
  abstract upgrade(fields: FieldList): RequestBody | null;
  abstract abort(status: number, why: string, fields?: FieldList): void;

  get startedAtMs(): number {
    return performance.timeOrigin + this.#began;
  }

  get endedAt(): number {
    return this.#began + this.durationMs;
  }

  protected conclude(): void {
    this.body?.discard();
    this.durationMs = performance.now() - this.#began;
    this.onFinished?.(this);
  }
}

/** For the error log: an answer was not as long as it had promised. `cut`: what becomes of one that is too short. */
export function brokenPromise(declared: number, actual: number, cut: string): string {
  return `Content-Length ${declared} but ${actual} bytes of body: ${actual > declared ? 'cut off' : cut}`;
}

export function hasField(fields: FieldList, name: string): boolean {
  const lower = name.toLowerCase();
  return fields.some((text, i) => i % 2 === 0 && text.toLowerCase() === lower);
}
