/**
 * One exchange as an application's business: what a worker must be told of it, and what becomes of the worker's
 * answer. Stands between a channel, which must not wait, and a client, who may be slow.
 */
import { Spool, type SpoolLimits } from '../base/spool.ts';
import { answerFailure } from '../development/failure-answer.ts';
import { splitFailure } from '../development/failure-report.ts';
import type { Exchange, Progress } from '../exchange.ts';
import type { RequestFields } from '../fields.ts';
import { answerWithFile } from '../files/answer-file.ts';
import type { OpenFile } from '../files/open-file.ts';
import { INLINE_BODY_MAX } from '../protocols/worker/frames.ts';
import type { LentFile } from '../protocols/worker/lent-file.ts';
import type { RequestLine } from '../protocols/worker/request.ts';
import type { ResponseHead } from '../protocols/worker/response.ts';
import type { Channel, ChannelOwner } from './channel.ts';

/** Bodies up to this size go to the client as latin-1 text, in one write with the head. */
const TEXT_MAX = 16_384;

/** What an assignment needs of its application. */
export interface AssignmentOwner {
  readonly mountPoint: string;
  readonly responseSpool: SpoolLimits;
  /** Its author may see why it fails. */
  readonly showsTracebacks: boolean;
  /** Nobody waits for the answer any more: the client has gone, or it cannot be sent. */
  abandoned(assignment: Assignment): void;
  /** The application did something wrong; for the error log. */
  report(assignment: Assignment, code: string, what: string): void;
}

export class Assignment implements RequestLine, Progress {
  readonly #owner: AssignmentOwner;
  readonly exchange: Exchange;
  channel: Channel | null = null;
  channelId = 0;
  /** performance.now() when it began to wait. */
  queuedAt = 0;
  /** performance.now() when it was given to a channel of its own. */
  givenAt = 0;
  /** performance.now() when the whole answer was there, for a client who is slower than the worker. */
  answeredAt = 0;
  #begunAt = 0;
  #worker: ChannelOwner | null = null;
  #spool: Spool | null = null;
  /** The channel that waits for the rest of the body. */
  #uploadTo: Channel | null = null;
  #gone = false;
  #isExpired = false;
  /** Its body is a file, which is sent without the worker: nothing of the answer is missing. */
  #isFile = false;

  constructor(owner: AssignmentOwner, exchange: Exchange) {
    this.#owner = owner;
    this.exchange = exchange;
    exchange.application = this;
    exchange.onGone = () => this.#abandon('the client has gone');
  }

  get gone(): boolean {
    return this.#gone;
  }

  // Progress

  /** When it was the first of its channel, as far as we can tell the moment its thread began with it. */
  get begunAt(): number {
    return this.#begunAt === 0 && this.channel?.first === this ? this.channel.headSince : this.#begunAt;
  }

  get workerName(): string | null {
    return this.#worker?.name ?? null;
  }

  // RequestLine: the variables of CGI and PEP 3333

  get fields(): RequestFields {
    return this.exchange.request.fields;
  }
  get environ(): readonly string[] | null {
    return this.exchange.environ;
  }
  get method() {
    return this.exchange.request.method;
  }
  get scriptName() {
    return this.exchange.request.scriptName + this.#owner.mountPoint;
  }
  get pathInfo() {
    const { decodedPath } = this.exchange.request;
    return decodedPath.slice(this.#owner.mountPoint.length);
  }
  get path() {
    return this.exchange.request.path;
  }
  get query() {
    return this.exchange.request.query;
  }
  get uri() {
    const { target, path, query } = this.exchange.request;
    // Of an absolute target only the path: that is what every server passes on.
    if (target.charCodeAt(0) === 47) return target;
    return query === '' ? path : `${path}?${query}`;
  }
  get version() {
    return this.exchange.request.version;
  }
  get serverName() {
    const { authority, localAddress } = this.exchange.request;
    if (authority === '') return localAddress;
    const colon = authority.lastIndexOf(':');
    return colon < 0 || authority.endsWith(']') ? authority : authority.slice(0, colon);
  }
  get serverPort() {
    return this.exchange.request.localPort;
  }
  get remoteAddress() {
    return this.exchange.request.remoteAddress;
  }
  get remotePort() {
    return this.exchange.request.remotePort;
  }
  get scheme() {
    return this.exchange.request.scheme;
  }
  get id() {
    return this.exchange.id;
  }

  // On its way to the worker

  /** True when the body is too large to travel with the request. */
  get uploads(): boolean {
    const { body } = this.exchange;
    return body !== null && (body.size > INLINE_BODY_MAX || body.inMemory === null);
  }

  sendTo(channel: Channel): void {
    const { body } = this.exchange;
    if (!this.uploads) return channel.send(this, body === null ? null : inline(body.inMemory!), false);
    channel.send(this, null, true);
    this.#uploadTo = channel;
    this.#sendBody(channel);
  }

  /** Wall clock when it began to wait for a thread: now, when it has not waited. */
  get queuedAtMs(): number {
    return performance.timeOrigin + (this.queuedAt || performance.now());
  }

  given(channel: Channel, id: number): void {
    this.channel = channel;
    this.channelId = id;
    this.#worker = channel.worker;
  }

  #sendBody(channel: Channel): void {
    this.exchange.body!.read((error, chunk) => {
      if (this.#uploadTo === null) return;
      if (error !== null)
        return this.#giveUp('request-body', error.message, 'The request body could not be stored.');
      if (chunk === null) return this.#endUpload('');
      if (channel.sendBody(this.channelId, chunk)) return this.#sendBody(channel);
      channel.onDrain = () => {
        channel.onDrain = null;
        this.#sendBody(channel);
      };
    });
  }

  /** Not left to the next `read`, which may never be answered: the thread waits for the end of the body. */
  #endUpload(cut: string): void {
    const channel = this.#uploadTo;
    if (channel === null) return;
    this.#uploadTo = null;
    channel.onDrain = null;
    channel.endBody(this.channelId, cut);
  }

  // The answer, called by the channel

  respond(head: ResponseHead, buffer: Buffer, end: number): void {
    this.#answered();
    const length = end - head.bodyStart;
    const body =
      length <= TEXT_MAX ? buffer.latin1Slice(head.bodyStart, end) : buffer.subarray(head.bodyStart, end);
    try {
      this.exchange.respond(head.status, head.fields, body, head.statusLine.slice(4));
    } catch (error) {
      this.invalid((error as Error).message);
    }
  }

  start(head: ResponseHead): void {
    try {
      this.exchange.start(head.status, head.fields, head.statusLine.slice(4));
    } catch (error) {
      this.invalid((error as Error).message);
    }
  }

  data(chunk: Buffer): void {
    if (this.#gone) return;
    if (this.#spool !== null) {
      if (!this.#spool.write(chunk)) this.channel?.pause();
    } else if (!this.exchange.write(chunk)) this.#spoolAnswer();
  }

  end(): void {
    this.#answered();
    if (this.#spool === null && !this.#isFile) return this.exchange.end();
    this.answeredAt = performance.now();
    this.#spool?.end();
  }

  /** The head of an answer, or what is wrong with it, whose body is a file that the worker lends; `end` follows. */
  file(head: ResponseHead | string, lent: LentFile): void {
    this.#isFile = true;
    if (typeof head === 'string') this.invalid(head);
    this.#worker!.openLent(lent).then(
      (file) => (typeof head === 'string' ? file.release() : this.#sendFile(head, file, lent)),
      (error: Error) => {
        if (!this.#gone) this.#giveUp('lent-file-failed', error.message, 'The file could not be read.');
      },
    );
  }

  #sendFile({ status, fields }: ResponseHead, file: OpenFile, { offset, sizeBytes }: LentFile): void {
    if (this.#gone) return file.release();
    try {
      const body = { file, name: '', offset, sizeBytes: Math.min(sizeBytes, declaredBytes(fields)) };
      answerWithFile(this.exchange, status, fields, body);
    } catch (error) {
      this.invalid((error as Error).message);
    }
  }

  failed(payload: string): void {
    this.#answered();
    this.#spool?.discard();
    const { why, report } = splitFailure(payload);
    const isShown =
      report !== null && this.#owner.showsTracebacks && answerFailure(this.exchange, 500, report);
    if (!isShown) this.exchange.abort(500, 'The application failed. Its error log says why.');
    if (!this.#isExpired) this.#owner.report(this, 'request-failed', why);
  }

  /** The head of the answer cannot be sent. */
  invalid(what: string): void {
    this.#giveUp(
      'invalid-response',
      `the application's response has ${what}`,
      'The application gave an invalid response.',
    );
  }

  /** The worker is lost. */
  lost(): void {
    this.#answered();
    if (this.#isFile) return;
    this.#spool?.discard();
    this.exchange.abort(502, 'The process that ran this request has ended.');
  }

  /** It has run for too long. Its thread still has it: the end of it is for nobody. */
  expire(): void {
    this.#isExpired = true;
    if (this.#gone || this.#isFile) return;
    this.exchange.abort(504, 'The application took too long to answer.');
    this.#abandon('the request has run for longer than request-timeout');
  }

  /** Refused before any worker saw it. */
  refuse(status: number, why: string): void {
    this.exchange.onGone = null;
    this.exchange.abort(status, why, ['Retry-After', '1']);
  }

  #answered(): void {
    // It may have been paused by the last bytes of this answer.
    if (this.#spool !== null) this.channel?.resume();
    if (this.channel !== null) this.#begunAt = this.channel.headSince;
    this.channel = null;
    this.#endUpload('the request has been answered');
  }

  /** The client is slower than the worker: the answer is stored, the thread goes on to its next request. */
  #spoolAnswer(): void {
    const spool = new Spool(this.#owner.responseSpool);
    this.#spool = spool;
    spool.onDrain = () => this.channel?.resume();
    this.exchange.onDrain = () => {
      this.exchange.onDrain = null;
      this.#sendSpooled(spool);
    };
  }

  #sendSpooled(spool: Spool): void {
    spool.read((error, chunk) => {
      if (this.#gone) return;
      if (error !== null)
        return this.#giveUp('response-spool', error.message, 'The answer could not be stored.');
      if (chunk === null) {
        spool.discard();
        return this.exchange.end();
      }
      if (this.exchange.write(chunk)) return this.#sendSpooled(spool);
      this.exchange.onDrain = () => {
        this.exchange.onDrain = null;
        this.#sendSpooled(spool);
      };
    });
  }

  /** `page` is for the client, `what` for the error log. */
  #giveUp(code: string, what: string, page: string): void {
    this.#owner.report(this, code, what);
    this.exchange.abort(500, page);
    this.#abandon(what);
  }

  #abandon(why: string): void {
    this.#gone = true;
    this.#spool?.discard();
    this.#endUpload(why);
    // It may have been paused for a client who will take nothing more.
    this.channel?.resume();
    this.#owner.abandoned(this);
  }
}

/** For the log: "[request 4f2a] GET /path from 192.0.2.7". */
export function describe({ exchange: { id, request } }: Assignment): string {
  return `[request ${id}] ${request.method} ${request.target} from ${request.remoteAddress || 'a local client'}`;
}

/** Content-Length, which may be less than there is; infinite when there is none. */
function declaredBytes(fields: readonly string[]): number {
  const at = fields.findIndex((name, i) => i % 2 === 0 && name.toLowerCase() === 'content-length');
  return at >= 0 && /^\d{1,15}$/.test(fields[at + 1]!) ? Number(fields[at + 1]) : Number.POSITIVE_INFINITY;
}

function inline(body: Uint8Array): string {
  return Buffer.from(body.buffer, body.byteOffset, body.length).latin1Slice();
}
