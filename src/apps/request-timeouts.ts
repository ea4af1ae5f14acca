/** request-timeout and request-timeout-at: how long a request may run, by its path. */
import { canonicalPath, isBelow, pathPrefix } from '../base/url-path.ts';
import type { ApplicationSettings } from '../config/configuration.ts';

export interface RequestTimeout {
  /** 0: none. */
  readonly ms: number;
  /** As it was set, for the log: "request-timeout 60 s". */
  readonly text: string;
}

export class RequestTimeouts {
  readonly #general: RequestTimeout;
  /** The longest prefix first. */
  readonly #byPrefix: readonly { readonly prefix: string; readonly timeout: RequestTimeout }[];
  /** No request is too old before; 0: never. */
  readonly leastMs: number;

  constructor({ requestTimeoutMs, requestTimeoutsAt }: ApplicationSettings) {
    this.#general = { ms: requestTimeoutMs, text: `request-timeout ${requestTimeoutMs / 1000} s` };
    this.#byPrefix = requestTimeoutsAt
      .map(({ url, timeoutMs }) => ({
        prefix: pathPrefix(url),
        timeout: { ms: timeoutMs, text: `request-timeout-at ${url} ${timeoutMs / 1000} s` },
      }))
      .sort((a, b) => b.prefix.length - a.prefix.length);
    const all = [requestTimeoutMs, ...requestTimeoutsAt.map(({ timeoutMs }) => timeoutMs)];
    const limits = all.filter((ms) => ms > 0);
    this.leastMs = limits.length === 0 ? 0 : Math.min(...limits);
  }

  /** `decodedPath` as the exchange has it. */
  of(decodedPath: string): RequestTimeout {
    if (this.#byPrefix.length === 0) return this.#general;
    const path = canonicalPath(decodedPath);
    return this.#byPrefix.find(({ prefix }) => isBelow(path, prefix))?.timeout ?? this.#general;
  }
}
