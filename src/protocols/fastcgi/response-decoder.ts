/**
 * Answers of FastCGI applications: STDOUT carries a CGI response, STDERR what goes to the error log, END_REQUEST ends
 * both. After it the next request may follow on the same connection.
 *
 *   idle ─ expect → answering ─ body complete → complete ─ END_REQUEST → idle          any of them → broken
 */
import { CgiResponseParser } from '../cgi/response-parser.ts';
import type { ResponseDecoder, ResponseEvent } from '../gateway-protocol.ts';
import type { ResponseLimits, UpstreamHead } from '../http1/response-reading.ts';
import {
  CANT_MPX_CONN,
  END_REQUEST,
  GET_VALUES_RESULT,
  OVERLOADED,
  REQUEST_COMPLETE,
  RecordReader,
  STDERR,
  STDOUT,
  UNKNOWN_ROLE,
  UNKNOWN_TYPE,
} from './records.ts';
import { REQUEST_ID } from './request-encoder.ts';

type State = 'idle' | 'answering' | 'complete' | 'broken';

const EMPTY = Buffer.alloc(0);
const REFUSALS: Readonly<Record<number, string>> = {
  [CANT_MPX_CONN]: 'a refusal: one request at a time (FCGI_CANT_MPX_CONN)',
  [OVERLOADED]: 'a refusal: it is overloaded (FCGI_OVERLOADED)',
  [UNKNOWN_ROLE]: 'a refusal: it is no responder (FCGI_UNKNOWN_ROLE)',
};

export class FastCgiResponseDecoder implements ResponseDecoder {
  readonly #records = new RecordReader();
  readonly #answer: CgiResponseParser;
  #state: State = 'idle';
  data: Buffer = EMPTY;
  readonly trailers = null;
  fault: string | null = null;
  keepsConnection = false;

  constructor(limits: ResponseLimits) {
    this.#answer = new CgiResponseParser(limits);
  }

  get head(): UpstreamHead | null {
    return this.#answer.head;
  }

  get pending(): number {
    return this.#records.pending + this.#answer.pending;
  }

  expect(method: string): void {
    this.#answer.expect(method);
    this.#state = 'answering';
    this.keepsConnection = false;
  }

  push(chunk: Buffer): void {
    this.#records.push(chunk);
  }

  hold(): void {
    this.#records.hold();
    this.#answer.hold();
  }

  next(): ResponseEvent {
    for (;;) {
      const event = this.#nextOfAnswer() ?? this.#nextRecord();
      if (event !== null) return event;
    }
  }

  takeWhole(): Buffer | null {
    if (!this.#records.isEnding) return null;
    const body = this.#answer.takeWhole();
    if (body === null) return null;
    this.#state = 'complete';
    this.next();
    return body;
  }

  takeRest(): Buffer {
    return EMPTY;
  }

  close(): 'end' | 'broken' {
    if (this.#state === 'complete') {
      this.#state = 'idle';
      return 'end';
    }
    if (this.#state !== 'broken') this.#break('the end of the connection within the answer');
    return 'broken';
  }

  /** What is known of the answer by what STDOUT has brought so far; null: more of it is needed. */
  #nextOfAnswer(): ResponseEvent | null {
    if (this.#state !== 'answering') return null;
    const event = this.#answer.next();
    switch (event) {
      case 'head':
        if (this.head!.status !== 101) return 'head';
        return this.#break('a change to another protocol, for which FastCGI has no place');
      case 'data':
        this.data = this.#answer.data;
        return 'data';
      case 'end':
        this.#state = 'complete';
        return null;
      case 'broken':
        return this.#break(this.#answer.fault!);
      default:
        return null;
    }
  }

  #nextRecord(): ResponseEvent | null {
    if (this.#state === 'broken') return 'broken';
    const read = this.#records.next();
    if (read === 'broken') return this.#break(this.#records.fault);
    if (read === 'need-data') return 'need-data';
    const { type, id, content } = this.#records;
    if (id === 0 && (type === GET_VALUES_RESULT || type === UNKNOWN_TYPE)) return null;
    if (this.#state === 'idle') return this.#break('a record that nobody has asked for');
    if (id !== REQUEST_ID) return this.#break(`a record of request ${id}, which was not made`);
    if (type === END_REQUEST) return this.#onEnd(content);
    if (type === STDERR) return this.#onStderr(content);
    if (type !== STDOUT) return this.#break(`a record of type ${type}, which only we may send`);
    // Behind a body as long as it was declared nothing is expected; what is there is dropped, as nginx does.
    if (this.#state === 'answering') this.#answer.push(content);
    return null;
  }

  #onStderr(content: Buffer): ResponseEvent | null {
    if (content.length === 0) return null;
    this.data = content;
    return 'stderr';
  }

  #onEnd(content: Buffer): ResponseEvent {
    const protocolStatus = content[4];
    if (protocolStatus !== REQUEST_COMPLETE)
      return this.#break(REFUSALS[protocolStatus!] ?? 'an END_REQUEST that FastCGI 1.0 does not have');
    if (this.#state === 'answering' && this.#answer.close() === 'broken')
      return this.#break(this.#answer.fault!);
    this.#state = 'idle';
    this.keepsConnection = true;
    return 'end';
  }

  #break(fault: string): 'broken' {
    this.#state = 'broken';
    this.fault = fault;
    return 'broken';
  }
}
