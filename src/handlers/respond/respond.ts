/** A fixed answer: a text, or a file. */
import type { RespondSettings } from '../../config/sections/respond.ts';
import { compileFields, filledFields } from '../../field-templates.ts';
import { contentType } from '../../files/content-types.ts';
import { PageFile } from '../../files/page-file.ts';
import type { Handler } from '../../handler.ts';
import { compileTemplate } from '../../variables.ts';

/** Throws when the file cannot be read. */
export function respond({ status, body, file, headers }: RespondSettings): Handler {
  if (file !== null) return respondFile(status, file, headers);
  const text = compileTemplate(body)!;
  const fields = compileFields(headers);
  // An error without a text has the page that errors have.
  if (status >= 400 && body === '')
    return (exchange) =>
      exchange.abort(status, 'The server has been told to answer so.', filledFields(fields, exchange));
  return (exchange) => exchange.respond(status, filledFields(fields, exchange), text(exchange));
}

function respondFile(status: number, path: string, headers: RespondSettings['headers']): Handler {
  const file = new PageFile(path);
  const isTyped = Object.keys(headers).some((name) => name.toLowerCase() === 'content-type');
  const fields = compileFields(isTyped ? headers : { 'Content-Type': contentType(path), ...headers });
  return (exchange) => exchange.respond(status, filledFields(fields, exchange), file.bytes);
}
