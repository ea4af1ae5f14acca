/** SCGI requests, written (https://python.ca/scgi/protocol.txt): a netstring of variables, then the body as it is. */
import type { Bytes } from '../../exchange.ts';
import { cgiVariables } from '../cgi/variables.ts';
import type { OutgoingGatewayRequest, RequestEncoder } from '../gateway-protocol.ts';

export class ScgiRequestEncoder implements RequestEncoder {
  head(request: OutgoingGatewayRequest, bodySize: number): string {
    const [first, length, ...others] = cgiVariables(request, bodySize);
    let text = `${first}\0${length}\0SCGI\x001\0`;
    for (let i = 0; i < others.length; i += 2)
      if (others[i] !== 'SCGI') text += `${withoutNul(others[i]!)}\0${withoutNul(others[i + 1]!)}\0`;
    return `${text.length}:${text},`;
  }

  body(chunk: Bytes): readonly Bytes[] {
    return [chunk];
  }

  end(): string {
    return '';
  }
}

/** No NUL can stand in what it separates: a value would go on as other variables. */
function withoutNul(text: string): string {
  return text.includes('\0') ? text.replaceAll('\0', '') : text;
}
