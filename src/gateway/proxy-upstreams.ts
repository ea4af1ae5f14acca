/** The upstreams that the routes of a configuration use, each made once. */
import type { Configuration } from '../config/configuration.ts';
import type { ProxySettings } from '../config/sections/proxy.ts';
import type { InternalRedirect } from '../handler.ts';
import type { ProxyTools } from '../handlers/proxy/proxy.ts';
import type { Log } from '../telemetry/log.ts';
import { Upstreams } from '../upstreams/upstreams.ts';

export class ProxyUpstreams {
  readonly #configuration: Configuration;
  readonly #redirect: InternalRedirect;
  readonly #log: Log;
  readonly all: Upstreams;

  constructor(configuration: Configuration, redirect: InternalRedirect, log: Log) {
    this.#redirect = redirect;
    this.#configuration = configuration;
    this.#log = log;
    this.all = new Upstreams(log);
  }

  toolsFor({ upstreamName, upstream }: ProxySettings): ProxyTools {
    const { http, serverRoot, upstreams } = this.#configuration;
    const upstreamSettings = upstream ?? upstreams[upstreamName]!;
    return {
      upstream: this.all.add(upstreamName, upstreamSettings),
      upstreamSettings,
      responseSpool: {
        memoryMax: http.responseBufferSize,
        fileMax: http.responseSpoolSize,
        directory: serverRoot,
      },
      redirect: this.#redirect,
      log: this.#log,
    };
  }
}
