/**
 * One request of the cache to the handler behind it. To the handler it is an exchange like any other; what the handler
 * says is judged, recorded where it may be stored, and passed on to the client that asked for it, the *leader*, as it
 * comes. There is no leader when a stored response is refreshed in the background, and none any more once it has gone:
 * what is being recorded is then recorded to its end.
 */
import type { Bytes, Exchange, FieldList, Outcome, Progress, Request } from '../../exchange.ts';
import type { Entry } from './entry.ts';

/** What the cache makes of the head of an answer. */
export type Verdict =
  /** The stored response is still right, or still to be used. */
  | { readonly kind: 'use'; readonly entry: Entry; readonly why: string }
  /** To be stored when it is whole: `store` is given all bytes of the body. */
  | { readonly kind: 'record'; readonly store: (body: Buffer) => Entry | null }
  | { readonly kind: 'pass' };

export interface FetchOwner {
  /** Called once with the head of the answer, and with what middleware behind the cache has found out. */
  judge(status: number, fields: FieldList, environ: Exchange['environ']): Verdict;
  /** The handler has failed without an answer: the stored response to use in its place, or null. */
  rescue(): { readonly entry: Entry; readonly why: string } | null;
  /** Answers the leader from a whole response. */
  answer(leader: Exchange, entry: Entry, why: string): void;
  /** Called once: what those who wait can have; null: nothing. */
  settle(entry: Entry | null): void;
  /** Does anybody but the leader want the answer? */
  isAwaited(): boolean;
  /** Of an answer that the leader gets from the handler. */
  passedFields(fields: FieldList, isStored: boolean): FieldList;
  /** Bytes of a body that may be recorded. */
  readonly bodyBytesMax: number;
  /** Is there memory for so many bytes more? `settle` gives them all back. */
  claim(bytes: number): boolean;
}

interface Head {
  readonly status: number;
  readonly fields: FieldList;
  readonly reason: string | undefined;
}

export class Fetch implements Exchange {
  readonly request: Request;
  readonly body = null;
  readonly id: string;
  readonly startedAtMs: number;
  readonly receivedAt: number;
  captures: Exchange['captures'];
  counted: number;
  #environ: Exchange['environ'];

  readonly #owner: FetchOwner;
  readonly #origin: Exchange;
  readonly #asked: (request: Request) => Request;
  #leader: Exchange | null;
  /** The leader wants less than the whole (a condition, a range): it is answered when the whole is there. */
  readonly #isDeferred: boolean;
  #store: ((body: Buffer) => Entry | null) | null = null;
  #head: Head | null = null;
  /** The leader has got its head. */
  #isSending = false;
  #chunks: Buffer[] = [];
  #sent = 0;
  /** The leader has asked for a pause. */
  #isFull = false;
  #isSettled = false;
  #hasEnded = false;
  #trailers: FieldList | undefined;

  onDrain: (() => void) | null = null;
  onGone: (() => void) | null = null;
  onFinished: ((exchange: Exchange) => void) | null = null;

  status = 0;
  responseFields: FieldList = [];
  bodyBytesSent = 0;
  outcome: Outcome = 'complete';
  #endedAt = 0;
  #workerPid = 0;
  #application: Progress | null = null;

  /**
   * `origin`: the exchange that brought it about; it is the leader unless it has been answered already. `asked`: what the
   * handler is asked in the place of a request.
   */
  constructor(
    owner: FetchOwner,
    origin: Exchange,
    asked: (request: Request) => Request,
    role: 'leader' | 'deferred' | 'background',
  ) {
    this.#owner = owner;
    this.#origin = origin;
    this.#asked = asked;
    this.request = asked(origin.request);
    this.id = origin.id;
    this.captures = origin.captures;
    this.counted = origin.counted;
    this.#environ = origin.environ;
    this.receivedAt = role === 'background' ? performance.now() : origin.receivedAt;
    this.startedAtMs = role === 'background' ? Date.now() : origin.startedAtMs;
    this.#isDeferred = role === 'deferred';
    this.#leader = role === 'background' ? null : origin;
    if (this.#leader === null) return;
    origin.onGone = () => this.#leaderGone();
    origin.onDrain = () => {
      this.#isFull = false;
      this.#pump();
      if (!this.#isFull) this.onDrain?.();
    };
  }

  get received(): Request {
    return this.#asked(this.#origin.received ?? this.#origin.request);
  }

  get sent(): Request {
    return this.#origin.sent ?? this.#origin.received ?? this.#origin.request;
  }

  get redirects(): number {
    return this.#origin.redirects ?? 0;
  }

  get durationMs(): number {
    return (this.#endedAt || performance.now()) - this.receivedAt;
  }

  get endedAt(): number {
    return this.#endedAt;
  }

  get workerPid(): number {
    return this.#workerPid;
  }

  set workerPid(pid: number) {
    this.#workerPid = pid;
    if (this.#leader !== null) this.#leader.workerPid = pid;
  }

  get environ(): Exchange['environ'] {
    return this.#environ;
  }

  set environ(environ: Exchange['environ']) {
    this.#environ = environ;
    if (this.#leader !== null) this.#leader.environ = environ;
  }

  get application(): Progress | null {
    return this.#application;
  }

  set application(progress: Progress | null) {
    this.#application = progress;
    if (this.#leader !== null) this.#leader.application = progress;
  }

  respond(status: number, fields: FieldList, body: Bytes, reason?: string): void {
    if (this.#head !== null || this.#hasEnded) return;
    const verdict = this.#begin(status, fields, reason);
    if (verdict.kind === 'use') return this.#use(verdict.entry, verdict.why);
    const isRecorded = verdict.kind === 'record' && body.length <= this.#owner.bodyBytesMax;
    if (!isRecorded || !this.#isDeferred) {
      // First of all the client: what must not be sent must not be stored.
      this.#guard(() => this.#leader?.respond(status, this.#marked(fields, isRecorded), body, reason));
      this.#leader = null;
    }
    const entry = isRecorded ? verdict.store(copy(body)) : null;
    if (this.#leader !== null && entry !== null) this.#owner.answer(this.#leader, entry, 'stored');
    else this.#leader?.respond(status, this.#marked(fields, false), body, reason);
    this.#settle(entry);
    this.#finish('complete');
  }

  interim(status: number, fields: FieldList): void {
    if (this.#head === null) this.#leader?.interim(status, fields);
  }

  /** Requests for another protocol never come here. */
  upgrade(): null {
    return null;
  }

  start(status: number, fields: FieldList, reason?: string): void {
    if (this.#head !== null || this.#hasEnded) return;
    const verdict = this.#begin(status, fields, reason);
    if (verdict.kind === 'use') return this.#use(verdict.entry, verdict.why);
    if (verdict.kind === 'record') this.#store = verdict.store;
    if (this.#store === null || !this.#isDeferred) this.#startLeader();
    if (this.#store !== null) return;
    this.#settle(null);
    if (this.#leader === null) this.#cancel();
  }

  write(chunk: Bytes): boolean {
    if (this.#head === null || this.#hasEnded) return true;
    this.bodyBytesSent += chunk.length;
    if (this.#store !== null && !this.#mayRecord(chunk.length)) this.#stopRecording();
    if (this.#store === null && this.#sent === this.#chunks.length && !this.#isFull) {
      // On its way through: nothing is kept of it.
      if (this.#leader !== null) this.#isFull = !this.#leader.write(chunk);
      return !this.#isFull;
    }
    this.#chunks.push(copy(chunk));
    this.#pump();
    // A slow leader does not hold up what is recorded, which is all in memory anyway.
    return this.#store !== null || !this.#isFull;
  }

  /** Trailers go to the leader; they are not kept. */
  end(trailers?: FieldList): void {
    if (this.#head === null || this.#hasEnded) return;
    this.#trailers = trailers;
    const entry = this.#store === null ? null : this.#store(Buffer.concat(this.#chunks));
    this.#finish('complete');
    if (this.#leader !== null && !this.#isSending) {
      if (entry !== null) this.#owner.answer(this.#leader, entry, 'stored');
      else this.#startLeader();
    }
    this.#pump();
    this.#settle(entry);
  }

  abort(status: number, why: string, fields?: FieldList): void {
    if (this.#hasEnded) return;
    const rescued = this.#head === null ? this.#owner.rescue() : null;
    if (rescued !== null) return this.#use(rescued.entry, rescued.why);
    this.status ||= status;
    this.#store = null;
    this.#finish('aborted');
    this.#leader?.abort(status, why, fields);
    this.#settle(null);
  }

  #begin(status: number, fields: FieldList, reason: string | undefined): Verdict {
    this.status = status;
    this.responseFields = fields;
    this.#head = { status, fields, reason };
    return this.#owner.judge(status, fields, this.#environ);
  }

  /** The leader and all who wait get a stored response. */
  #use(entry: Entry, why: string): void {
    this.#finish('complete');
    if (this.#leader !== null) this.#owner.answer(this.#leader, entry, why);
    this.#settle(entry);
  }

  #startLeader(): void {
    const { status, fields, reason } = this.#head!;
    this.#isSending = true;
    this.#guard(() => this.#leader?.start(status, this.#marked(fields, this.#store !== null), reason));
  }

  /** Fields that must not be sent are the handler's to hear of, and nobody's to wait for. */
  #guard(send: () => void): void {
    try {
      send();
    } catch (error) {
      this.#store = null;
      this.#settle(null);
      this.#head = null;
      throw error;
    }
  }

  #marked(fields: FieldList, isStored: boolean): FieldList {
    return this.#owner.passedFields(fields, isStored);
  }

  #pump(): void {
    const leader = this.#leader;
    if (leader === null || !this.#isSending) return;
    while (!this.#isFull && this.#sent < this.#chunks.length)
      this.#isFull = !leader.write(this.#chunks[this.#sent++]!);
    if (this.#sent < this.#chunks.length) return;
    if (this.#hasEnded) {
      this.#leader = null;
      leader.end(this.#trailers);
    } else if (this.#store === null) {
      this.#chunks = [];
      this.#sent = 0;
    }
  }

  #mayRecord(bytes: number): boolean {
    return this.bodyBytesSent <= this.#owner.bodyBytesMax && this.#owner.claim(bytes);
  }

  /** It is too large: what has been recorded is only kept until the leader has it. */
  #stopRecording(): void {
    this.#store = null;
    if (!this.#isSending && this.#leader !== null) this.#startLeader();
    this.#settle(null);
    if (this.#leader === null) return this.#cancel();
    this.#chunks = this.#chunks.slice(this.#sent);
    this.#sent = 0;
  }

  #leaderGone(): void {
    this.#leader = null;
    if (this.#store === null && !this.#hasEnded && !this.#owner.isAwaited()) this.#cancel();
  }

  /** Nobody wants it any more. */
  #cancel(): void {
    this.#chunks = [];
    this.#finish('client-gone');
    this.#settle(null);
    this.onGone?.();
  }

  #settle(entry: Entry | null): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#owner.settle(entry);
  }

  #finish(outcome: Outcome): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.outcome = outcome;
    this.#endedAt = performance.now();
    this.onFinished?.(this);
  }
}

/** Bytes that stay as they are: those of a handler may be part of a larger buffer, or be used again. */
function copy(bytes: Bytes): Buffer {
  return typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : Buffer.from(bytes);
}
