/** A fixed answer. */
import type { RespondSettings } from '../../config/sections/respond.ts';
import { compileFields, filledFields } from '../../field-templates.ts';
import type { Handler } from '../../handler.ts';
import { compileTemplate } from '../../variables.ts';

export function respond({ status, body, headers }: RespondSettings): Handler {
  const text = compileTemplate(body)!;
  const fields = compileFields(headers);
  // An error without a text has the page that errors have.
  if (status >= 400 && body === '')
    return (exchange) =>
      exchange.abort(status, 'The server has been told to answer so.', filledFields(fields, exchange));
  return (exchange) => exchange.respond(status, filledFields(fields, exchange), text(exchange));
}
