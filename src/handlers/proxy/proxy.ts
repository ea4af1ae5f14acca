/** The handler of `proxy`: requests are answered by the servers of an upstream. */
import type { SpoolLimits } from '../../base/spool.ts';
import type { ProxySettings } from '../../config/sections/proxy.ts';
import type { ScriptsSettings } from '../../config/sections/scripts.ts';
import type { UpstreamSettings } from '../../config/sections/upstream.ts';
import type { Exchange } from '../../exchange.ts';
import type { Handler, InternalRedirect } from '../../handler.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Upstream } from '../../upstreams/upstream.ts';
import { compileTemplate } from '../../variables.ts';
import type { ProxyContext, ServersOwner } from './context.ts';
import { Forwarding } from './forwarding.ts';
import { outgoingRequest } from './request-head.ts';
import { responseFilter } from './response-fields.ts';
import { findScript } from './scripts.ts';
import { Sticky } from './sticky.ts';

/** What a proxy is made with. */
export interface ProxyTools {
  readonly upstream: Upstream;
  readonly upstreamSettings: UpstreamSettings;
  readonly responseSpool: SpoolLimits;
  readonly redirect: InternalRedirect;
  readonly log: Log;
  readonly owner?: ServersOwner;
}

export function createProxy(settings: ProxySettings, tools: ProxyTools): Handler {
  const { upstream, upstreamSettings, responseSpool, redirect, log, owner = null } = tools;
  const context: ProxyContext = {
    settings,
    upstream,
    filter: responseFilter(settings),
    keyOf: upstreamSettings.policy === 'hash' ? compileTemplate(upstreamSettings.hashKey) : null,
    params: Object.entries(settings.params).map(([name, text]) => ({ name, value: compileTemplate(text)! })),
    sticky: upstreamSettings.sticky && new Sticky(upstreamSettings.sticky),
    responseSpool,
    redirect,
    log,
    owner,
  };
  const forward = settings.scripts === null ? forwarder(context) : scriptRunner(context, settings.scripts);
  // The gateway protocols say the length of a body first.
  const needsLength = upstreamSettings.members.some(
    ({ scheme }) => scheme !== null && !/^https?$/.test(scheme),
  );
  return (exchange) => {
    if (isCoded(exchange))
      return exchange.abort(501, 'The body has a transfer coding that is not passed on.');
    const { stream, size = 0 } = exchange.body ?? {};
    // What cannot be taken is nothing to connect for.
    if (stream !== undefined && stream.limit > 0 && size > stream.limit)
      return exchange.abort(413, 'the request body is larger than limit-request-body.');
    const isCollected = settings.requestBuffering || (needsLength && size < 0);
    if (stream === undefined || !isCollected) return forward(exchange);
    stream.collect((error) => {
      if (error === null) forward(exchange);
      else exchange.abort((error as { status?: number }).status ?? 500, `${error.message}.`);
    });
  };
}

function forwarder(context: ProxyContext): Handler {
  return (exchange) => new Forwarding(context, exchange, null).start();
}

function scriptRunner(context: ProxyContext, scripts: ScriptsSettings): Handler {
  return (exchange) => {
    let isGone = false;
    exchange.onGone = () => {
      isGone = true;
    };
    const { pathInfo } = outgoingRequest(exchange, context.settings);
    findScript(scripts, pathInfo ?? exchange.request.decodedPath, (script) => {
      if (isGone) return;
      exchange.onGone = null;
      if (script !== null) return new Forwarding(context, exchange, script).start();
      exchange.abort(404, 'There is no such page.');
    });
  };
}

/** `gzip, chunked` and the like: a body that we would have to decode. */
function isCoded({ body, request }: Exchange): boolean {
  if (body === null) return false;
  const coding = request.fields.get('transfer-encoding');
  return coding !== null && coding.toLowerCase() !== 'chunked';
}
