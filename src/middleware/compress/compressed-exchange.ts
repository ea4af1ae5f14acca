/**
 * An exchange whose answer may be compressed on its way to the client: looked at when its head comes, and from then on
 * either left alone, compressed at once (small and whole), or sent through an encoder (large, or still being made).
 */

import type { Wish } from '../../base/accept-encoding.ts';
import type { CodingName } from '../../config/sections/compress.ts';
import type { Bytes, Exchange, FieldList } from '../../exchange.ts';
import { FilteredExchange } from '../../filtered-exchange.ts';
import type { Log } from '../../telemetry/log.ts';
import { compressedFields, type Described, describe, notModifiedFields, withVary } from './answer.ts';
import { CODINGS } from './codings.ts';
import type { Compressor } from './compressor.ts';
import { EncoderPump } from './encoder-pump.ts';

export class CompressedExchange extends FilteredExchange {
  readonly #compressor: Compressor;
  readonly #wish: Wish<CodingName>;
  readonly #log: Log;
  #pump: EncoderPump | null = null;
  /** What the handler wants to be called when the client is gone, while the pump is. */
  #handlerOnGone: (() => void) | null = null;
  /** Of a declared length, and what has come of it; null: none was declared. */
  #declared: number | null = null;
  #received = 0;

  constructor(inner: Exchange, compressor: Compressor, wish: Wish<CodingName>, log: Log) {
    super(inner);
    this.#compressor = compressor;
    this.#wish = wish;
    this.#log = log;
  }

  override respond(status: number, fields: FieldList, body: Bytes, reason?: string): void {
    if (status === 304)
      return this.inner.respond(status, notModifiedFields(fields, this.request), body, reason);
    const described = describe(fields);
    const isHead = this.request.method === 'HEAD';
    const size = isHead && body.length === 0 ? described.length : body.length;
    // An answer that is not as long as it says is dealt with, and reported, where all are.
    const isHonest = isHead || (described.length ?? body.length) === body.length;
    if (!isHonest || !this.#mayCompress(status, described, size))
      return this.inner.respond(status, fields, body, reason);
    const { coding } = this.#wish;
    if (isHead && coding !== null) {
      this.inner.respond(status, compressedFields(fields, coding), '', reason);
    } else if (
      coding !== null &&
      !this.#compressor.isQuick(coding, body.length) &&
      this.#compressor.mayEncode
    ) {
      this.#startPump(coding, status, fields, body.length, reason);
      this.write(body);
      this.end();
    } else {
      const answer = this.#compressor.answerWhole(fields, body, coding);
      this.inner.respond(status, answer.fields, answer.body, reason);
    }
  }

  override start(status: number, fields: FieldList, reason?: string): void {
    if (status === 304) return this.inner.start(status, notModifiedFields(fields, this.request), reason);
    const described = describe(fields);
    if (!this.#mayCompress(status, described, described.length))
      return this.inner.start(status, fields, reason);
    const { coding } = this.#wish;
    if (coding === null || !this.#compressor.mayEncode) this.inner.start(status, withVary(fields), reason);
    else if (this.request.method === 'HEAD')
      this.inner.start(status, compressedFields(fields, coding), reason);
    else this.#startPump(coding, status, fields, described.length, reason);
  }

  override write(chunk: Bytes): boolean {
    if (this.#pump === null) return this.inner.write(chunk);
    const room = this.#declared === null ? chunk.length : this.#declared - this.#received;
    this.#received += chunk.length;
    if (chunk.length > room) this.#reportLength('cut off');
    return room === 0 || this.#pump.write(chunk.length > room ? chunk.slice(0, room) : chunk);
  }

  protected override get passesBodies(): boolean {
    return this.#pump === null;
  }

  override end(trailers?: FieldList): void {
    if (this.#pump === null) return this.inner.end(trailers);
    // What remains to be done is between the pump and the client.
    this.#pump.onDrain = null;
    this.#handlerOnGone = null;
    if (this.#declared === null || this.#received >= this.#declared) return this.#pump.end(trailers);
    this.#reportLength('the connection is closed');
    this.abort(500, 'The answer is shorter than it says.');
  }

  override abort(status: number, why: string, fields?: FieldList): void {
    this.#pump?.cancel();
    this.inner.abort(status, why, fields);
  }

  override get onDrain(): (() => void) | null {
    return this.#pump === null ? this.inner.onDrain : this.#pump.onDrain;
  }

  override set onDrain(callback: (() => void) | null) {
    if (this.#pump === null) this.inner.onDrain = callback;
    else this.#pump.onDrain = callback;
  }

  override get onGone(): (() => void) | null {
    return this.#pump === null ? this.inner.onGone : this.#handlerOnGone;
  }

  override set onGone(callback: (() => void) | null) {
    if (this.#pump === null) this.inner.onGone = callback;
    else this.#handlerOnGone = callback;
  }

  #mayCompress(status: number, described: Described, size: number | null): boolean {
    const isWanted = this.inner.outcome === 'complete';
    return isWanted && this.#compressor.mayCompress(status, described, size, this.#wish);
  }

  #startPump(
    coding: CodingName,
    status: number,
    fields: FieldList,
    size: number | null,
    reason: string | undefined,
  ): void {
    const { inner } = this;
    inner.start(status, compressedFields(fields, coding), reason);
    const { onDrain, onGone } = inner;
    const pump = new EncoderPump(
      inner,
      this.#compressor.createEncoder(coding, size),
      CODINGS[coding].flushKind,
    );
    inner.onGone = () => {
      pump.cancel();
      this.#handlerOnGone?.();
    };
    pump.onDrain = onDrain;
    this.#handlerOnGone = onGone;
    this.#declared = size;
    this.#pump = pump;
  }

  #reportLength(relation: string): void {
    const { method, target } = this.request;
    const what = `Content-Length ${this.#declared} but ${this.#received} bytes of body: ${relation}`;
    this.#log.warn('response-length', `[request ${this.id}] ${method} ${target}: ${what}`);
  }
}
