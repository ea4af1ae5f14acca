/** signed-links: only links that were made with a secret are served, as long as they have not expired. */
import { FollowedFile } from '../../base/followed-file.ts';
import { checkLink, parseSecrets } from '../../base/signed-link.ts';
import type { SignedLinksSettings } from '../../config/sections/signed-links.ts';
import type { Middleware } from '../../handler.ts';
import type { Log } from '../../telemetry/log.ts';

/** Throws when the file cannot be read. */
export function signedLinks(
  { secretFile, place }: SignedLinksSettings,
  { log }: { readonly log: Log },
): Middleware {
  const secrets = new FollowedFile(secretFile, {
    parse: (content) => parseSecrets(content.toString('utf8')),
    onProblem: (why) => log.error('secret-file', `${place}: ${secretFile}: ${why}; its last content holds`),
  });
  return (next) => (exchange) => {
    const { path, query } = exchange.request;
    const state = checkLink(query === '' ? path : `${path}?${query}`, secrets.value, Date.now());
    if (state === 'good') next(exchange);
    else if (state === 'expired') exchange.abort(410, 'This link has expired.');
    else exchange.abort(403, 'This link is not valid.');
  };
}
