/** Answers a request with a traceback: a page for browsers, the bare text for anybody else. */
import type { Exchange } from '../exchange.ts';
import { failurePage } from './failure-page.ts';
import type { FailureReport } from './failure-report.ts';
import { isLocalClient } from './local-client.ts';

const COMMON = ['Cache-Control', 'no-store', 'X-Content-Type-Options', 'nosniff'];
/** Nothing on the page is loaded or run, whatever it quotes. */
const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; base-uri 'none'; form-action 'none'";
const HTML = ['Content-Type', 'text/html; charset=utf-8', 'Content-Security-Policy', POLICY, ...COMMON];
const TEXT = ['Content-Type', 'text/plain; charset=utf-8', ...COMMON];

/** False, and nothing is sent, when this client may not see it or the answer has begun. */
export function answerFailure(exchange: Exchange, status: number, report: FailureReport): boolean {
  if (exchange.status !== 0 || !isLocalClient(exchange.request)) return false;
  const wantsHtml = /\btext\/html\b/i.test(exchange.request.fields.joined('accept') ?? '');
  const body = wantsHtml ? failurePage(exchange.request, report) : `${report.text.trimEnd()}\n`;
  exchange.respond(status, wantsHtml ? HTML : TEXT, Buffer.from(body));
  return true;
}
