/** What all requests of one `proxy` share: made when the configuration is loaded. */
import type { SpoolLimits } from '../../base/spool.ts';
import type { ProxySettings } from '../../config/sections/proxy.ts';
import type { Exchange } from '../../exchange.ts';
import type { InternalRedirect } from '../../handler.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Upstream } from '../../upstreams/upstream.ts';
import type { Template } from '../../variables.ts';
import type { ResponseFilter } from './response-fields.ts';
import type { Sticky } from './sticky.ts';

export interface ProxyContext {
  readonly settings: ProxySettings;
  readonly upstream: Upstream;
  readonly filter: ResponseFilter;
  /** What a consistent hash is computed of; null where the policy has no use for it. */
  readonly keyOf: Template | null;
  /** CGI variables that the route adds, for servers that speak a gateway protocol. */
  readonly params: readonly { readonly name: string; readonly value: Template }[];
  readonly sticky: Sticky | null;
  /** Where answers wait for slow clients. */
  readonly responseSpool: SpoolLimits;
  readonly redirect: InternalRedirect;
  readonly log: Log;
}

/** For the log: "[request 4f2a] GET /path". */
export function describe({ id, request: { method, target } }: Exchange): string {
  return `[request ${id}] ${method} ${target}`;
}
