/** FastCGI requests, written (sections 5 and 6.2): BEGIN_REQUEST, the variables as PARAMS, the body as STDIN. */
import type { Bytes } from '../../exchange.ts';
import { cgiVariables } from '../cgi/variables.ts';
import type { OutgoingGatewayRequest, RequestEncoder } from '../gateway-protocol.ts';
import { pair } from './name-value-pairs.ts';
import { BEGIN_REQUEST, KEEP_CONN, PARAMS, RESPONDER, record, STDIN } from './records.ts';
import { frame, streamOf } from './streams.ts';

/** One request at a time on a connection, as every front server does it: few applications take more. */
export const REQUEST_ID = 1;

const begin = (flags: number) =>
  record(BEGIN_REQUEST, REQUEST_ID, `\0${String.fromCharCode(RESPONDER, flags)}\0\0\0\0\0`);
const BEGIN = { once: begin(0), kept: begin(KEEP_CONN) };
const PARAMS_END = record(PARAMS, REQUEST_ID, '');
const STDIN_END = record(STDIN, REQUEST_ID, '');

export class FastCgiRequestEncoder implements RequestEncoder {
  readonly #begin: string;

  /** `keepsConnection`: the application is not to close the connection behind its answer. */
  constructor(keepsConnection: boolean) {
    this.#begin = keepsConnection ? BEGIN.kept : BEGIN.once;
  }

  head(request: OutgoingGatewayRequest, bodySize: number): string {
    const variables = cgiVariables(request, bodySize);
    let params = '';
    for (let i = 0; i < variables.length; i += 2) params += pair(variables[i]!, variables[i + 1]!);
    return this.#begin + streamOf(PARAMS, REQUEST_ID, params) + PARAMS_END;
  }

  body(chunk: Bytes): readonly Bytes[] {
    return frame(STDIN, REQUEST_ID, chunk);
  }

  end(): string {
    return STDIN_END;
  }
}
