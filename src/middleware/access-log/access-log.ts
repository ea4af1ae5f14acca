/**
 * The access log: one line for each exchange when it has ended, however it ended. Where lines go is the business of
 * telemetry/log-file.ts.
 */
import type { Exchange } from '../../exchange.ts';
import type { Middleware } from '../../handler.ts';
import { jsonLine } from './json-line.ts';
import { compileLogFormat } from './log-format.ts';

const COMMON = '%h %l %u %t "%r" %>s %b';
const COMBINED = `${COMMON} "%{Referer}i" "%{User-Agent}i"`;

/** `common`, `combined`, `json` or a format string of Apache. Throws LogFormatError. */
export function accessLog(format: string, write: (line: string) => void): Middleware {
  const toLine = compile(format);
  const log = (exchange: Exchange) => write(`${toLine(exchange)}\n`);
  return (next) => (exchange) => {
    const before = exchange.onFinished;
    exchange.onFinished = before === null ? log : both(before, log);
    next(exchange);
  };
}

function compile(format: string): (exchange: Exchange) => string {
  switch (format) {
    case 'common':
      return compileLogFormat(COMMON);
    case 'combined':
      return compileLogFormat(COMBINED);
    case 'json':
      return jsonLine;
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
