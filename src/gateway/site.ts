/** The built-in parts of the request path, composed: the table of contents of what a request can meet. */
import type { Configuration } from '../config/configuration.ts';
import type { Handler } from '../handler.ts';
import { createStaticFiles } from '../handlers/static-files/static-files.ts';
import { compileSite } from '../routing/compile-site.ts';
import type { Log } from '../telemetry/log.ts';

export interface Site {
  readonly handle: Handler;
  /** The middleware alone around another handler: for requests that never come to routing. */
  wrap(handler: Handler): Handler;
  reopenLogs(): void;
  close(): Promise<void>;
}

export function composeSite(configuration: Configuration, application: Handler | null, log: Log): Site {
  const notFound: Handler = (exchange) => exchange.abort(404, 'Nothing is served at this address.');
  const routes = compileSite(configuration.site, {
    application,
    staticFiles: (alias) => createStaticFiles(alias, { log }),
    notFound,
  });
  const wrap = (handler: Handler) => handler;
  return { handle: wrap(routes), wrap, reopenLogs: () => {}, close: async () => {} };
}
