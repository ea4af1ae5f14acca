/** FastCGI answers, written: an answer of CGI in STDOUT records, and END_REQUEST. */
import type { Bytes, FieldList } from '../../exchange.ts';
import { CgiResponseEncoder } from '../cgi/response-encoder.ts';
import type { ResponseEncoder } from '../gateway-protocol.ts';
import { endRequest, REQUEST_COMPLETE, record, STDOUT } from './records.ts';
import { frame, streamOf } from './streams.ts';

const cgi = new CgiResponseEncoder();

export class FastCgiResponseEncoder implements ResponseEncoder {
  readonly isRaw = false;
  readonly #id: number;

  constructor(id: number) {
    this.#id = id;
  }

  head(status: number, reason: string, fields: FieldList): Bytes {
    return streamOf(STDOUT, this.#id, cgi.head(status, reason, fields));
  }

  body(chunk: Bytes): readonly Bytes[] {
    return frame(STDOUT, this.#id, chunk);
  }

  end(): Bytes {
    return record(STDOUT, this.#id, '') + endRequest(this.#id, 0, REQUEST_COMPLETE);
  }
}
