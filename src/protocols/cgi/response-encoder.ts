/**
 * Answers in the form of CGI (RFC 3875, section 6): a head of lines, then the body as it is. That is all of SCGI and
 * uwsgi, whose answers end with the connection, and what FastCGI puts into its records.
 */
import type { Bytes, FieldList } from '../../exchange.ts';
import type { ResponseEncoder } from '../gateway-protocol.ts';

export class CgiResponseEncoder implements ResponseEncoder {
  readonly isRaw = true;

  head(status: number, reason: string, fields: FieldList): string {
    return `${this.statusLine(status, reason)}\r\n${fieldLines(fields)}\r\n`;
  }

  body(chunk: Bytes): readonly Bytes[] {
    return [chunk];
  }

  end(): Bytes {
    return '';
  }

  protected statusLine(status: number, reason: string): string {
    return `Status: ${status} ${reason}`;
  }
}

export function fieldLines(fields: FieldList): string {
  let lines = '';
  for (let i = 0; i < fields.length; i += 2) lines += `${fields[i]}: ${fields[i + 1]}\r\n`;
  return lines;
}
