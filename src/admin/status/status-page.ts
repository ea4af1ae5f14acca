/** The status page: what the server is doing, as HTML, text or JSON, for those who may see it. */
import { AddressList } from '../../base/address-list.ts';
import type { StatusPageSettings } from '../../config/sections/status-page.ts';
import type { Exchange, Request } from '../../exchange.ts';
import type { Handler } from '../../handler.ts';
import { STATUS_POLICY, statusHtml } from './status-html.ts';
import { makeStatusReport, type StatusReport, type StatusSources } from './status-report.ts';
import { statusText } from './status-text.ts';

const LOCAL = ['127.0.0.0/8', '::1', '::ffff:127.0.0.0/104'];
const REFRESH_SECONDS_MAX = 3600;

interface Format {
  readonly type: string;
  readonly write: (report: StatusReport) => string;
  /** Fields besides. */
  readonly fields: readonly string[];
}

const HTML: Format = {
  type: 'text/html; charset=utf-8',
  write: statusHtml,
  fields: ['Content-Security-Policy', STATUS_POLICY],
};
const TEXT: Format = {
  type: 'text/plain; charset=utf-8',
  write: (report) => statusText(report, true),
  fields: [],
};
/** Apache's word for what programs read. */
const AUTO: Format = { ...TEXT, write: (report) => statusText(report, false) };
const JSON_FORMAT: Format = {
  type: 'application/json',
  write: (report) => `${JSON.stringify(report)}\n`,
  fields: [],
};

export function statusPage({ allow }: StatusPageSettings, sources: StatusSources): Handler {
  const maySee = allow.length === 0 ? isLocal() : isOneOf(allow);
  return (exchange) => {
    const { request } = exchange;
    if (!maySee(request)) return exchange.abort(403, 'This page is for the operators of the server.');
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return exchange.abort(405, 'There is only something to see here.', ['Allow', 'GET, HEAD']);
    void makeStatusReport(sources).then((report) => answer(exchange, report));
  };
}

function answer(exchange: Exchange, report: StatusReport): void {
  const { request } = exchange;
  const format = formatFor(request);
  const refresh = new URLSearchParams(request.query).get('refresh') ?? '';
  const seconds = Math.min(Number(refresh), REFRESH_SECONDS_MAX);
  const again = /^[1-9]\d{0,8}$/.test(refresh) ? ['Refresh', String(seconds)] : [];
  const fields = ['Content-Type', format.type, 'Cache-Control', 'no-store', 'Vary', 'Accept'];
  // What clients have sent is latin-1 here, and the page is UTF-8.
  exchange.respond(200, [...fields, ...format.fields, ...again], Buffer.from(format.write(report), 'utf8'));
}

/** As the query says (`?auto`, `?format=json`), else as the client likes it. */
function formatFor({ query, fields }: Request): Format {
  const asked = new URLSearchParams(query);
  const wanted = asked.has('auto') ? 'auto' : asked.get('format');
  const named = { auto: AUTO, text: TEXT, json: JSON_FORMAT, html: HTML }[wanted ?? ''];
  if (named !== undefined) return named;
  const accept = fields.joined('accept') ?? '';
  if (/text\/html/i.test(accept)) return HTML;
  return /application\/json/i.test(accept) ? JSON_FORMAT : TEXT;
}

/** On this machine, and not through a proxy on it: that one would bring everybody, as it does over a Unix socket. */
function isLocal(): (request: Request) => boolean {
  const isOnThisMachine = isOneOf(LOCAL);
  return (request) => {
    const { fields } = request;
    const isForwarded = fields.get('x-forwarded-for') !== null || fields.get('forwarded') !== null;
    return !isForwarded && isOnThisMachine(request);
  };
}

function isOneOf(networks: readonly string[]): (request: Request) => boolean {
  const list = new AddressList(networks);
  return ({ remoteAddress }) => list.has(remoteAddress);
}
