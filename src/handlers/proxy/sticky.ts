/** Brings a client back to the server it had, by a cookie of ours that names the server without saying where it is. */
import { createHash } from 'node:crypto';
import type { StickySettings } from '../../config/sections/upstream.ts';
import type { Exchange } from '../../exchange.ts';
import type { UpstreamServer } from '../../upstreams/server.ts';
import { compileTemplate, type Template } from '../../variables.ts';

const ID_LENGTH = 16;

export class Sticky {
  readonly #settings: StickySettings;
  readonly #cookieOf: Template;
  readonly #ids = new WeakMap<UpstreamServer, string>();

  constructor(settings: StickySettings) {
    this.#settings = settings;
    this.#cookieOf = compileTemplate(`{cookie.${settings.cookie}}`)!;
  }

  /** The server that the client had, among these; null when there is none. */
  serverOf(exchange: Exchange, servers: readonly UpstreamServer[]): UpstreamServer | null {
    const wanted = this.#cookieOf(exchange);
    if (wanted === '') return null;
    return servers.find((server) => this.#idOf(server) === wanted) ?? null;
  }

  /** The value of a Set-Cookie field. */
  cookieFor(server: UpstreamServer, { request }: Exchange): string {
    const { cookie, maxAgeMs } = this.#settings;
    const age = maxAgeMs > 0 ? `; Max-Age=${Math.round(maxAgeMs / 1000)}` : '';
    const secure = request.scheme === 'https' ? '; Secure' : '';
    return `${cookie}=${this.#idOf(server)}; Path=/; HttpOnly; SameSite=Lax${age}${secure}`;
  }

  #idOf(server: UpstreamServer): string {
    const known = this.#ids.get(server);
    if (known !== undefined) return known;
    const id = createHash('sha256').update(server.name).digest('hex').slice(0, ID_LENGTH);
    this.#ids.set(server, id);
    return id;
  }
}
