/** What all requests of one `proxy` share: made when the configuration is loaded. */
import type { SpoolLimits } from '../../base/spool.ts';
import type { ProxySettings } from '../../config/sections/proxy.ts';
import type { Exchange } from '../../exchange.ts';
import type { InternalRedirect } from '../../handler.ts';
import type { Log } from '../../telemetry/log.ts';
import type { UpstreamServer } from '../../upstreams/server.ts';
import type { Refused, Upstream } from '../../upstreams/upstream.ts';
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
  /** Null: the servers are managed by others. */
  readonly owner: ServersOwner | null;
}

/** Who has started the servers of an upstream. */
export interface ServersOwner {
  /** This server gets the request. */
  given(exchange: Exchange, server: UpstreamServer): void;
  /** No server gets it: it is to be answered. */
  refuse(exchange: Exchange, why: Refused): void;
  /** It cannot be connected to. The request, of which nothing was sent, waits until one can. */
  unreachable(exchange: Exchange, server: UpstreamServer, why: string): void;
}

/** For the log: "[request 4f2a] GET /path". */
export function describe({ id, request: { method, target } }: Exchange): string {
  return `[request ${id}] ${method} ${target}`;
}
