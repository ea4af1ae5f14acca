/**
 * The access log: one line for each exchange when it has ended, however it ended. Where lines go is the business of
 * telemetry/log-file.ts.
 */
import type { Exchange } from '../../exchange.ts';
import type { Observer } from '../../handler.ts';
import { jsonLine } from './json-line.ts';
import { compileLogFormat } from './log-format.ts';
import { prettyLine } from './pretty-line.ts';

const COMMON = '%h %l %u %t "%r" %>s %b';
const COMBINED = `${COMMON} "%{Referer}i" "%{User-Agent}i"`;

/** `common`, `combined`, `json`, `pretty` or a format string of Apache. Throws LogFormatError. */
export function accessLog(format: string, write: (line: string) => void, hasColor = false): Observer {
  const toLine = compile(format, hasColor);
  return (exchange) => write(`${toLine(exchange)}\n`);
}

function compile(format: string, hasColor: boolean): (exchange: Exchange) => string {
  switch (format) {
    case 'common':
      return compileLogFormat(COMMON);
    case 'combined':
      return compileLogFormat(COMBINED);
    case 'json':
      return jsonLine;
    case 'pretty':
      return prettyLine(hasColor);
    default:
      return compileLogFormat(format);
  }
}
