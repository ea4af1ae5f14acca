/** The handler of `proxy`: requests are answered by the servers of an upstream. */
import type { SpoolLimits } from '../../base/spool.ts';
import type { ProxySettings } from '../../config/sections/proxy.ts';
import type { UpstreamSettings } from '../../config/sections/upstream.ts';
import type { Exchange } from '../../exchange.ts';
import type { Handler } from '../../handler.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Upstream } from '../../upstreams/upstream.ts';
import { compileTemplate } from '../../variables.ts';
import type { ProxyContext } from './context.ts';
import { Forwarding } from './forwarding.ts';
import { responseFilter } from './response-fields.ts';
import { Sticky } from './sticky.ts';

/** What a proxy is made with. */
export interface ProxyTools {
  readonly upstream: Upstream;
  readonly upstreamSettings: UpstreamSettings;
  readonly responseSpool: SpoolLimits;
  readonly log: Log;
}

export function createProxy(settings: ProxySettings, tools: ProxyTools): Handler {
  const { upstream, upstreamSettings, responseSpool, log } = tools;
  const context: ProxyContext = {
    settings,
    upstream,
    filter: responseFilter(settings),
    keyOf: upstreamSettings.policy === 'hash' ? compileTemplate(upstreamSettings.hashKey) : null,
    params: Object.entries(settings.params).map(([name, text]) => ({ name, value: compileTemplate(text)! })),
    sticky: upstreamSettings.sticky && new Sticky(upstreamSettings.sticky),
    responseSpool,
    log,
  };
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
    if (stream === undefined || !isCollected) return new Forwarding(context, exchange).start();
    stream.collect((error) => {
      if (error === null) new Forwarding(context, exchange).start();
      else exchange.abort((error as { status?: number }).status ?? 500, `${error.message}.`);
    });
  };
}

/** `gzip, chunked` and the like: a body that we would have to decode. */
function isCoded({ body, request }: Exchange): boolean {
  if (body === null) return false;
  const coding = request.fields.get('transfer-encoding');
  return coding !== null && coding.toLowerCase() !== 'chunked';
}
