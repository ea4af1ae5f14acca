/** A plain page for an error of ours. */
import type { FieldList } from './exchange.ts';
import { reasonPhrase } from './status.ts';

export const ERROR_FIELDS: FieldList = ['Content-Type', 'text/html; charset=utf-8'];

/** `why` is for people; it never holds what a client sent. */
export function errorPage(status: number, why: string): string {
  const title = `${status} ${reasonPhrase(status)}`;
  return `<!doctype html>\n<html lang="en"><title>${title}</title>\n<h1>${title}</h1>\n<p>${why}</p>\n</html>\n`;
}
