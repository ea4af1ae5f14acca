/** What the forwarding fields of a trusted peer say of the client. */
import { type Endpoint, parseEndpoint } from '../../base/endpoint.ts';
import { FORWARDING_MEANINGS } from '../../base/forwarding-headers.ts';
import type { Request } from '../../exchange.ts';
import { parseForwarded } from './forwarded-field.ts';

export interface Believed {
  readonly changes: Partial<
    Pick<Request, 'remoteAddress' | 'remotePort' | 'scheme' | 'authority' | 'localPort'>
  >;
  /** Forwarding fields as the next one may see them: name in lower case and value. */
  readonly fields: readonly (readonly [string, string])[];
}

/** More proxies than anybody has. */
const HOPS_MAX = 32;
const AUTHORITY = /^(?:[\w.~-]+|\[[\da-fA-F:.]+\])(?::(\d{1,5}))?$/;
const SCHEMES: Readonly<Record<string, Request['scheme']>> = {
  http: 'http',
  https: 'https',
  ws: 'http',
  wss: 'https',
};
const ON = /^(on|true|1|https)$/i;

/** `honoured`: lower-case names; of those that say the same the first that is there counts. */
export function believe(
  { fields, remoteAddress }: Request,
  honoured: readonly string[],
  isTrusted: (address: string) => boolean,
): Believed {
  const told = new Told(remoteAddress, isTrusted);
  // Who the client is comes first: it says how many proxies have written into the other fields.
  const isWho = (name: string) => ['addresses', 'forwarded'].includes(FORWARDING_MEANINGS[name]!);
  for (const name of [...honoured.filter(isWho), ...honoured.filter((name) => !isWho(name))]) {
    const value = fields.joined(name);
    if (value !== null) told.hear(name, value);
  }
  return { changes: told.changes(), fields: told.fields };
}

class Told {
  readonly #peer: string;
  readonly #isTrusted: (address: string) => boolean;
  #client: Endpoint | null = null;
  /** Proxies that were believed. */
  #hops = 1;
  #scheme: Request['scheme'] | null = null;
  #authority: string | null = null;
  #port: number | null = null;
  readonly fields: [string, string][] = [];

  constructor(peer: string, isTrusted: (address: string) => boolean) {
    this.#peer = peer;
    this.#isTrusted = isTrusted;
  }

  hear(name: string, value: string): void {
    switch (FORWARDING_MEANINGS[name]) {
      case 'forwarded':
        return this.#hearForwarded(name, value);
      case 'addresses':
        return this.#hearAddresses(name, value);
      case 'scheme':
        this.#scheme ??= SCHEMES[this.#ofClient(value).toLowerCase()] ?? null;
        break;
      case 'switch':
        if (ON.test(value)) this.#scheme ??= 'https';
        break;
      case 'host':
        this.#hearHost(this.#ofClient(value));
        break;
      case 'port':
        this.#hearPort(this.#ofClient(value));
        break;
    }
    this.fields.push([name, value]);
  }

  changes(): Believed['changes'] {
    const client = this.#client && { remoteAddress: this.#client.address, remotePort: this.#client.port };
    const scheme = this.#scheme && { scheme: this.#scheme };
    const authority = this.#authority && { authority: this.#authority };
    const [, named] = AUTHORITY.exec(this.#authority ?? '') ?? [];
    let port = this.#port ?? (named === undefined ? null : Number(named));
    // Whoever says how the client came without a port means the usual one.
    if (port === null && this.#scheme !== null) port = this.#scheme === 'https' ? 443 : 80;
    return { ...client, ...scheme, ...authority, ...(port !== null && { localPort: port }) };
  }

  #hearAddresses(name: string, value: string): void {
    if (this.#client !== null) return;
    const entries = value.split(',').map((entry) => entry.trim());
    const first = this.#walk(entries.map((entry) => () => parseEndpoint(entry)));
    // What stands before it may be the client's invention.
    if (first < entries.length) this.fields.push([name, entries.slice(first).join(', ')]);
  }

  #hearForwarded(name: string, value: string): void {
    if (this.#client !== null) return;
    const elements = parseForwarded(value) ?? [];
    const first = this.#walk(
      elements.map(
        ({ parameters }) =>
          () =>
            parseEndpoint(parameters.get('for') ?? ''),
      ),
    );
    const believed = elements.slice(first);
    for (const { parameters } of believed) {
      this.#scheme ??= SCHEMES[(parameters.get('proto') ?? '').toLowerCase()] ?? null;
      this.#hearHost(parameters.get('host') ?? '');
    }
    if (believed.length > 0) this.fields.push([name, believed.map(({ text }) => text).join(', ')]);
  }

  /** From the right as far as there is trust; the index of the client's entry, or behind the last one. */
  #walk(entries: readonly (() => Endpoint | null)[]): number {
    let at = entries.length;
    let address = this.#peer;
    while (at > 0 && entries.length - at < HOPS_MAX && this.#isTrusted(address)) {
      const endpoint = entries[at - 1]!();
      if (endpoint === null) break;
      at--;
      address = endpoint.address;
      this.#client = endpoint;
    }
    this.#hops = Math.max(1, entries.length - at);
    return at;
  }

  /** Of a list, the entry of the proxy that the client came to. */
  #ofClient(value: string): string {
    const entries = value.split(',');
    return entries[Math.max(0, entries.length - this.#hops)]!.trim();
  }

  #hearHost(host: string): void {
    if (AUTHORITY.test(host)) this.#authority ??= host;
  }

  #hearPort(port: string): void {
    if (/^\d{1,5}$/.test(port)) this.#port ??= Number(port);
  }
}
