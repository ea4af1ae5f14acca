/**
 * The access log: one line for each exchange when it has ended, however it ended. Where lines go is the business of
 * telemetry/log-file.ts.
 */
import type { Exchange } from '../../exchange.ts';
import type { Middleware } from '../../handler.ts';
import { jsonLine } from './json-line.ts';
import { compileLogFormat } from './log-format.ts';
import { prettyLine } from './pretty-line.ts';

const COMMON = '%h %l %u %t "%r" %>s %b';
const COMBINED = `${COMMON} "%{Referer}i" "%{User-Agent}i"`;

/** `common`, `combined`, `json`, `pretty` or a format string of Apache. Throws LogFormatError. */
export function accessLog(format: string, write: (line: string) => void, hasColor = false): Middleware {
  const toLine = compile(format, hasColor);
  const log = (exchange: Exchange) => write(`${toLine(exchange)}\n`);
  return (next) => (exchange) => {
    const before = exchange.onFinished;
    exchange.onFinished = before === null ? log : both(before, log);
    next(exchange);
  };
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

function both(
  first: (exchange: Exchange) => void,
  second: (exchange: Exchange) => void,
): (exchange: Exchange) => void {
  return (exchange) => {
    first(exchange);
    second(exchange);
  };
}
