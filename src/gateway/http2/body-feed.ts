/**
 * The body of a request on a stream of HTTP/2, handed on while it arrives. The client may send ahead what the window of
 * its stream allows; `node:http2` opens it again as the body is read.
 */
import type { ServerHttp2Stream } from 'node:http2';
import { BodyError } from '../../body-error.ts';
import type { FieldList } from '../../exchange.ts';
import { Refusal } from '../../protocols/http1/refusal.ts';
import type { RequestHead } from '../../protocols/http2/request-head.ts';
import { parseTrailers } from '../../protocols/http2/trailers.ts';
import type { ListenerContext } from '../listener-context.ts';
import { type BodySource, StreamedBody } from '../streamed-body.ts';
import { NO_ERROR } from './error-codes.ts';

export class BodyFeed implements BodySource {
  readonly #stream: ServerHttp2Stream;
  readonly body: StreamedBody;
  #awaitsContinue: boolean;
  #trailers: FieldList | Refusal | null = null;

  constructor(stream: ServerHttp2Stream, context: ListenerContext, { block }: RequestHead) {
    const { settings, bodySpool } = context;
    this.#stream = stream;
    this.body = new StreamedBody(
      this,
      block.hasLength ? block.length : -1,
      settings.limitRequestBody,
      bodySpool,
    );
    this.#awaitsContinue = block.expectContinue && stream.readableLength === 0;
    this.body.isAwaited = this.#awaitsContinue;
    stream.pause();
    stream.on('data', (chunk: Buffer) => {
      if (!this.body.push(chunk)) stream.pause();
    });
    stream.on('trailers', (_fields, _flags, list: readonly string[]) => {
      this.#trailers = parseTrailers(list, settings);
    });
    stream.on('end', () => this.#onEnd());
  }

  wanted(): void {
    const stream = this.#stream;
    if (this.#awaitsContinue && !stream.headersSent && !stream.closed)
      stream.additionalHeaders({ ':status': 100 });
    this.#awaitsContinue = false;
    this.body.waits(performance.now());
    stream.resume();
  }

  #onEnd(): void {
    const { rstCode, aborted } = this.#stream;
    // A stream that was reset ends, too.
    if (rstCode !== NO_ERROR || aborted) return;
    const trailers = this.#trailers;
    if (trailers instanceof Refusal) this.body.fail(new BodyError(trailers.status, trailers.why));
    else this.body.end(trailers);
  }
}
