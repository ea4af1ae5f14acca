/** What a request meets before it comes to any site. */
import type { HttpSettings } from '../config/configuration.ts';
import type { InheritedListener } from '../control/messages.ts';
import type { Middleware } from '../handler.ts';
import { httpsOnly } from '../middleware/https-only/https-only.ts';

export function makeEntrance(settings: HttpSettings, listeners: readonly InheritedListener[]): Middleware {
  const port = settings.httpsOnly ? httpsPort(listeners) : null;
  return port === null ? (next) => next : httpsOnly(port);
}

/** Of the first listener that clients can be sent to; null when there is none. */
function httpsPort(listeners: readonly InheritedListener[]): number | null {
  const found = listeners.find(({ tls, path, role }) => tls && path === null && role === 'site');
  return found === undefined ? null : Number(new URL(found.url).port || 443);
}
