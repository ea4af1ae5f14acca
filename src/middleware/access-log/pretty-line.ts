/** One short line a request, for a person at a terminal: time, status, duration, method and target. */
import type { Exchange } from '../../exchange.ts';
import { loggedStatus } from './directives.ts';
import { escapeLogItem } from './escape.ts';
import { compileStrftime } from './log-time.ts';

const clock = compileStrftime('%H:%M:%S');

/** SGR codes (ECMA-48) by the class of the status. */
const COLORS: Readonly<Record<number, number>> = { 2: 32, 3: 36, 4: 33, 5: 31 };
const DIM = 2;
const BOLD = 1;

export function prettyLine(hasColor: boolean): (exchange: Exchange) => string {
  const paint = (code: number | undefined, text: string) =>
    hasColor && code !== undefined ? `\x1b[${code}m${text}\x1b[0m` : text;
  return (exchange) => {
    const { request, startedAtMs, durationMs } = exchange;
    const status = loggedStatus(exchange);
    const color = COLORS[Math.floor((status ?? 0) / 100)];
    return [
      paint(DIM, clock(startedAtMs)),
      paint(color, String(status ?? '-').padStart(3)),
      paint(DIM, formatDuration(durationMs).padStart(8)),
      `${paint(BOLD, escapeLogItem(request.method))} ${escapeLogItem(request.target)}`,
      ...(exchange.outcome === 'complete' ? [] : [paint(COLORS[5], `(${exchange.outcome})`)]),
    ].join('  ');
  };
}

/** In the unit that people would use: 3.2 ms, 240 ms, 1.53 s. */
function formatDuration(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(2)} s`;
}
