/** Which requests an access log is for. */
import type { AccessLogSettings } from '../../config/sections/access-log.ts';
import type { Exchange } from '../../exchange.ts';
import { loggedStatus } from './directives.ts';

type Filter = (exchange: Exchange) => boolean;

/** `matches`: for the match of the settings, if they have one. */
export function logFilter({ statuses, slowerThanMs }: AccessLogSettings, matches: Filter | null): Filter {
  const wanted = new Set(statuses);
  const hasStatus: Filter = (exchange) => {
    const status = loggedStatus(exchange) ?? 0;
    return wanted.has(String(status)) || wanted.has(`${Math.floor(status / 100)}xx`);
  };
  return (exchange) =>
    (slowerThanMs === 0 || exchange.durationMs >= slowerThanMs) &&
    (wanted.size === 0 || hasStatus(exchange)) &&
    (matches === null || matches(exchange));
}
