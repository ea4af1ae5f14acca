/** HTTP-01 (RFC 8555, section 8.3): what an ACME server asks for to see that the host is ours. */
import type { Middleware } from '../../handler.ts';

const PREFIX = '/.well-known/acme-challenge/';

/** `find`: the key authorization for a token of a challenge that is under way. Other requests pass. */
export function acmeChallenge(find: (token: string) => string | null): Middleware {
  return (next) => (exchange) => {
    const { path } = exchange.request;
    const answer = path.startsWith(PREFIX) ? find(path.slice(PREFIX.length)) : null;
    if (answer === null) next(exchange);
    else exchange.respond(200, ['Content-Type', 'application/octet-stream'], answer);
  };
}
