/**
 * Host names of sites: `example.org`, `*.example.org` (all names below it), `*`, each optionally with the port of ours
 * that the client reached, which, unlike the one in its Host field, it cannot choose. As with nginx an exact name
 * counts before a wildcard, and a longer wildcard before a shorter one.
 */

/** Finds the site of a request. Patterns are in lower case. */
export class HostTable<T> {
  readonly #byPattern = new Map<string, T>();

  /** False when the pattern is there already. */
  add(pattern: string, site: T): boolean {
    if (this.#byPattern.has(pattern)) return false;
    this.#byPattern.set(pattern, site);
    return true;
  }

  /** `host`: in lower case, without a port. Null when no pattern fits. */
  find(host: string, port: number): T | null {
    const named = this.#at(host, port);
    if (named !== null) return named;
    for (let dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) {
      const below = this.#at(`*${host.slice(dot)}`, port);
      if (below !== null) return below;
    }
    return this.#at('*', port);
  }

  #at(pattern: string, port: number): T | null {
    return this.#byPattern.get(`${pattern}:${port}`) ?? this.#byPattern.get(pattern) ?? null;
  }
}
