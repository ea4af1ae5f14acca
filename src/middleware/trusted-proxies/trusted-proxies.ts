/**
 * Trusted proxies: who the client of a request really is, when it comes through proxies of ours. Their forwarding
 * fields are believed, those of anybody else are taken away, so that the application sees the truth in REMOTE_ADDR,
 * wsgi.url_scheme, HTTP_HOST and SERVER_PORT, and nothing that a stranger has written.
 *
 * A list of addresses is read from the right, where the nearest proxy wrote: as long as the one who wrote is trusted,
 * what it wrote is believed. The first that is not trusted is the client.
 */
import { AddressList } from '../../base/address-list.ts';
import { FORWARDING_MEANINGS } from '../../base/forwarding-headers.ts';
import type { TrustedProxySettings } from '../../config/configuration.ts';
import { derivedRequest } from '../../derived-request.ts';
import type { Request } from '../../exchange.ts';
import { fieldName, RequestFields } from '../../fields.ts';
import type { Middleware } from '../../handler.ts';
import { type Believed, believe } from './believe.ts';

/** Peers whose trust is remembered. */
const PEERS_MAX = 1_000;
const HOST = fieldName('Host');

/** Stands before everything else, also the access log. */
export function trustedProxies(settings: TrustedProxySettings): Middleware {
  const proxies = new TrustedProxies(settings);
  return (next) => (exchange) => {
    exchange.request = proxies.resolve(exchange.request);
    next(exchange);
  };
}

export class TrustedProxies {
  readonly #networks: AddressList;
  readonly #trustsUnix: boolean;
  /** Those that are believed, in the order in which they count. */
  readonly #honoured: readonly string[];
  readonly #trusted = new Map<string, boolean>();

  constructor({ networks, trustsUnix, honoured }: TrustedProxySettings) {
    this.#networks = new AddressList(networks);
    this.#trustsUnix = trustsUnix;
    this.#honoured = honoured;
  }

  /** The request as it left the client. The same one when there is nothing to change. */
  resolve(request: Request): Request {
    const isForwarded = request.fields.names.some(({ lower }) => Object.hasOwn(FORWARDING_MEANINGS, lower));
    if (!isForwarded) return request;
    if (!this.isTrusted(request.remoteAddress))
      return derivedRequest(request, { fields: this.#fields(request.fields, null) });
    const believed = believe(request, this.#honoured, (address) => this.isTrusted(address));
    return derivedRequest(request, { ...believed.changes, fields: this.#fields(request.fields, believed) });
  }

  /** `address`: '' for a client on a Unix socket. */
  isTrusted(address: string): boolean {
    if (address === '') return this.#trustsUnix;
    let isTrusted = this.#trusted.get(address);
    if (isTrusted === undefined) {
      isTrusted = this.#networks.has(address);
      if (this.#trusted.size >= PEERS_MAX) this.#trusted.clear();
      this.#trusted.set(address, isTrusted);
    }
    return isTrusted;
  }

  /** Without the forwarding fields, but with what of them is true. */
  #fields(fields: RequestFields, believed: Believed | null): RequestFields {
    const kept = new RequestFields();
    const authority = believed?.changes.authority;
    for (let i = 0; i < fields.names.length; i++) {
      const name = fields.names[i]!;
      const isReplaced = authority !== undefined && name.lower === 'host';
      if (!isReplaced && !Object.hasOwn(FORWARDING_MEANINGS, name.lower)) kept.add(name, fields.values[i]!);
    }
    if (authority !== undefined) kept.add(HOST, authority);
    for (const [lower, value] of believed?.fields ?? []) kept.add(fieldName(lower), value);
    return kept;
  }
}
