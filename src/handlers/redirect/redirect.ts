/** Sends the client to another URL. */
import type { RedirectSettings } from '../../config/sections/redirect.ts';
import { ERROR_FIELDS, errorPage } from '../../error-page.ts';
import type { Exchange } from '../../exchange.ts';
import type { Handler } from '../../handler.ts';
import { compileUrl } from '../../url-template.ts';

export function redirect({ to, status, keepsQuery }: RedirectSettings): Handler {
  const target = compileUrl(keepsQuery ? `${to}?{query}` : to)!;
  const targetWithoutQuery = compileUrl(to)!;
  const page = errorPage(status, 'It is at another address.');
  const where = (exchange: Exchange) =>
    (exchange.request.query === '' ? targetWithoutQuery : target)(exchange);
  return (exchange) => exchange.respond(status, [...ERROR_FIELDS, 'Location', where(exchange)], page);
}
