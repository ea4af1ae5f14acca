/** uwsgi requests, written: a packet of variables for a WSGI application, then the body as it is. */
import type { Bytes } from '../../exchange.ts';
import { cgiVariables } from '../cgi/variables.ts';
import type { OutgoingGatewayRequest, RequestEncoder } from '../gateway-protocol.ts';
import { RequestTooLarge } from '../request-too-large.ts';
import { BLOCK_MAX, packetHeader, variable, WSGI } from './packets.ts';

export class UwsgiRequestEncoder implements RequestEncoder {
  head(request: OutgoingGatewayRequest, bodySize: number): string {
    const variables = cgiVariables(request, bodySize);
    let block = '';
    for (let i = 0; i < variables.length; i += 2) block += variable(variables[i]!, variables[i + 1]!);
    if (block.length > BLOCK_MAX)
      throw new RequestTooLarge(`${block.length} bytes of variables, of which uwsgi takes ${BLOCK_MAX}`);
    return packetHeader(WSGI, block.length) + block;
  }

  body(chunk: Bytes): readonly Bytes[] {
    return [chunk];
  }

  end(): string {
    return '';
  }
}
