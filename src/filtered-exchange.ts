/**
 * An exchange that middleware stands in front of: what its handler says goes through methods that a subclass overrides,
 * and what it reads may be another request. Everything else is that of the exchange behind it.
 */
import { ERROR_FIELDS, errorPage } from './error-page.ts';
import type { Bytes, Exchange, FieldList, Outcome, Progress, Request, RequestBody } from './exchange.ts';

export class FilteredExchange implements Exchange {
  /** The exchange as it came: towards the client. */
  protected readonly inner: Exchange;
  readonly request: Request;

  constructor(inner: Exchange, request: Request = inner.request) {
    this.inner = inner;
    this.request = request;
  }

  // What the handler says

  respond(status: number, fields: FieldList, body: Bytes, reason?: string): void {
    this.inner.respond(status, fields, body, reason);
  }

  start(status: number, fields: FieldList, reason?: string): void {
    this.inner.start(status, fields, reason);
  }

  write(chunk: Bytes): boolean {
    return this.inner.write(chunk);
  }

  /** A subclass that leaves the bytes of bodies alone says so: then they may go straight from a file to the client. */
  protected get passesBodies(): boolean {
    return false;
  }

  get sendsFiles(): boolean {
    return this.passesBodies && this.inner.sendsFiles === true;
  }

  sendFile(fd: number, start: number, end: number): number {
    return this.inner.sendFile?.(fd, start, end) ?? 0;
  }

  writeAndWait(chunk: Bytes): void {
    this.inner.writeAndWait?.(chunk);
  }

  end(trailers?: FieldList): void {
    this.inner.end(trailers);
  }

  interim(status: number, fields: FieldList): void {
    this.inner.interim(status, fields);
  }

  upgrade(fields: FieldList): RequestBody | null {
    return this.inner.upgrade(fields);
  }

  /** An error page of ours is an answer like any other, until a head was sent. */
  abort(status: number, why: string, fields: FieldList = []): void {
    if (this.inner.status === 0) this.respond(status, [...ERROR_FIELDS, ...fields], errorPage(status, why));
    else this.inner.abort(status, why);
  }

  // What it is told

  get onDrain(): (() => void) | null {
    return this.inner.onDrain;
  }

  set onDrain(callback: (() => void) | null) {
    this.inner.onDrain = callback;
  }

  get onGone(): (() => void) | null {
    return this.inner.onGone;
  }

  set onGone(callback: (() => void) | null) {
    this.inner.onGone = callback;
  }

  get onFinished(): ((exchange: Exchange) => void) | null {
    return this.inner.onFinished;
  }

  set onFinished(callback: ((exchange: Exchange) => void) | null) {
    this.inner.onFinished = callback;
  }

  // What there is to know

  get body(): RequestBody | null {
    return this.inner.body;
  }

  get id(): string {
    return this.inner.id;
  }

  get captures(): Readonly<Record<string, string>> | null {
    return this.inner.captures;
  }

  set captures(captures: Readonly<Record<string, string>> | null) {
    this.inner.captures = captures;
  }

  get environ(): string[] | null {
    return this.inner.environ;
  }

  set environ(environ: string[] | null) {
    this.inner.environ = environ;
  }

  get counted(): number {
    return this.inner.counted;
  }

  set counted(counted: number) {
    this.inner.counted = counted;
  }

  get received(): Request {
    return this.inner.received ?? this.inner.request;
  }

  get sent(): Request {
    return this.inner.sent ?? this.inner.received ?? this.inner.request;
  }

  get redirects(): number {
    return this.inner.redirects ?? 0;
  }

  get status(): number {
    return this.inner.status;
  }

  get responseFields(): FieldList {
    return this.inner.responseFields;
  }

  get bodyBytesSent(): number {
    return this.inner.bodyBytesSent;
  }

  get outcome(): Outcome {
    return this.inner.outcome;
  }

  get startedAtMs(): number {
    return this.inner.startedAtMs;
  }

  get durationMs(): number {
    return this.inner.durationMs;
  }

  get receivedAt(): number {
    return this.inner.receivedAt;
  }

  get endedAt(): number {
    return this.inner.endedAt;
  }

  get workerPid(): number {
    return this.inner.workerPid;
  }

  set workerPid(pid: number) {
    this.inner.workerPid = pid;
  }

  get application(): Progress | null {
    return this.inner.application;
  }

  set application(progress: Progress | null) {
    this.inner.application = progress;
  }
}

/** Where only the request is another one: the answer passes as it is. */
export class DerivedExchange extends FilteredExchange {
  protected override get passesBodies(): boolean {
    return true;
  }
}
