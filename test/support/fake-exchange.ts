/**
 * An Exchange in memory, for tests of handlers and middleware: it keeps what the handler did, plays a client that
 * reads slowly or leaves, and breaks the test when a handler breaks the contract (two heads, a body after the end).
 */
import assert from 'node:assert/strict';
import type {
  Bytes,
  Exchange,
  FieldList,
  Outcome,
  Progress,
  Request,
  RequestBody,
} from '../../src/exchange.ts';
import { fieldName, RequestFields } from '../../src/fields.ts';

export type FakeRequest = Partial<Omit<Request, 'fields'>> & {
  readonly fields?: Readonly<Record<string, string>> | readonly (readonly [string, string])[];
};

export function fakeRequest(settings: FakeRequest = {}): Request {
  const target = settings.target ?? settings.path ?? '/';
  const question = target.indexOf('?');
  const path = settings.path ?? (question < 0 ? target : target.slice(0, question));
  const fields = new RequestFields();
  const given = settings.fields ?? [];
  for (const [name, value] of Array.isArray(given) ? given : Object.entries(given))
    fields.add(fieldName(name), value);
  return {
    method: 'GET',
    target,
    path,
    decodedPath: percentDecode(path),
    query: question < 0 ? '' : target.slice(question + 1),
    version: 'HTTP/1.1',
    scheme: 'http',
    authority: 'example.org:8000',
    remoteAddress: '192.0.2.7',
    remotePort: 40001,
    localAddress: '127.0.0.1',
    localPort: 8000,
    scriptName: '',
    tls: null,
    ...settings,
    fields,
  };
}

function percentDecode(path: string): string {
  return path.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

export class FakeExchange implements Exchange {
  readonly request: Request;
  body: RequestBody | null = null;
  readonly id: string;
  captures: Readonly<Record<string, string>> | null = null;
  environ: string[] | null = null;
  counted = 0;
  onDrain: (() => void) | null = null;
  onGone: (() => void) | null = null;
  onFinished: ((exchange: Exchange) => void) | null = null;
  status = 0;
  responseFields: FieldList = [];
  bodyBytesSent = 0;
  outcome: Outcome = 'complete';
  startedAtMs = Date.UTC(2026, 10, 21, 2, 47, 42, 123);
  durationMs = 12.345;
  workerPid = 0;
  application: Progress | null = null;
  receivedAt = 1_000;
  endedAt = 1_012.345;

  trailers: FieldList = [];
  /** What `interim` was told. */
  readonly interims: { readonly status: number; readonly fields: FieldList }[] = [];
  /** What `upgrade` gives. */
  tunnel: RequestBody | null = null;
  /** What `abort` was told. */
  aborted: string | null = null;
  readonly chunks: Buffer[] = [];
  /** Settles when the exchange has ended, however it ended. */
  readonly finished: Promise<void>;
  /** The client takes this many bytes before `write` says no. */
  roomBytes = Number.POSITIVE_INFINITY;
  /** Called after each `write`, for tests that act between two. */
  onWrite: (() => void) | null = null;
  #ended = false;
  #settle!: () => void;

  constructor(request: FakeRequest = {}, id = '4f2a9c017be3d865') {
    this.request = fakeRequest(request);
    this.id = id;
    this.finished = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  get text(): string {
    return Buffer.concat(this.chunks).toString('latin1');
  }

  field(name: string): string | null {
    const at = this.responseFields.findIndex(
      (text, i) => i % 2 === 0 && text.toLowerCase() === name.toLowerCase(),
    );
    return at < 0 ? null : this.responseFields[at + 1]!;
  }

  get ended(): boolean {
    return this.#ended;
  }

  respond(status: number, fields: FieldList, body: Bytes): void {
    if (this.#ended) return;
    this.#head(status, fields);
    const noBody = this.request.method === 'HEAD' || status === 204 || status === 304;
    if (!noBody) this.#take(body);
    this.#finish('complete');
  }

  start(status: number, fields: FieldList, _reason?: string): void {
    if (!this.#ended) this.#head(status, fields);
  }

  write(chunk: Bytes): boolean {
    if (this.#ended) return false;
    assert.notEqual(this.status, 0, 'body bytes before the head');
    this.#take(chunk);
    this.roomBytes -= chunk.length;
    this.onWrite?.();
    return this.roomBytes > 0;
  }

  end(trailers: FieldList = []): void {
    if (this.#ended) return;
    this.trailers = trailers;
    const length = this.field('content-length');
    if (length !== null && this.request.method !== 'HEAD') assert.equal(this.bodyBytesSent, Number(length));
    this.#finish('complete');
  }

  interim(status: number, fields: FieldList): void {
    this.interims.push({ status, fields });
  }

  upgrade(fields: FieldList): RequestBody | null {
    if (this.tunnel !== null) this.#head(101, fields);
    return this.tunnel;
  }

  abort(status: number, why: string, fields: FieldList = []): void {
    if (this.#ended) return;
    this.aborted = why;
    if (this.status === 0)
      this.respond(status, ['Content-Type', 'text/html; charset=utf-8', ...fields], `<p>${why}</p>`);
    else this.#finish('aborted');
  }

  /** The client reads `bytes` more. */
  drain(bytes: number): void {
    this.roomBytes = bytes;
    this.onDrain?.();
  }

  /** The client closes its connection. */
  leave(): void {
    if (this.#ended) return;
    this.#finish('client-gone');
    this.onGone?.();
  }

  #head(status: number, fields: FieldList): void {
    assert.equal(this.status, 0, 'two heads in one exchange');
    assert.equal(fields.length % 2, 0);
    this.status = status;
    this.responseFields = fields;
  }

  #take(bytes: Bytes): void {
    const chunk = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : Buffer.from(bytes);
    this.chunks.push(chunk);
    this.bodyBytesSent += chunk.length;
  }

  #finish(outcome: Outcome): void {
    assert.equal(this.#ended, false);
    this.#ended = true;
    this.outcome = outcome;
    this.onFinished?.(this);
    this.#settle();
  }
}
