/** Header fields whose values are templates. */
import type { Exchange } from './exchange.ts';
import { compileTemplate, type Template } from './variables.ts';

export type FieldTemplates = readonly {
  readonly name: string;
  readonly lower: string;
  readonly value: Template;
}[];

/** The configuration has validated them. */
export function compileFields(fields: Readonly<Record<string, string>>): FieldTemplates {
  return Object.entries(fields).map(([name, value]) => ({
    name,
    lower: name.toLowerCase(),
    value: compileTemplate(value)!,
  }));
}

/** Name, value, …; what would end the line is not sent. */
export function filledFields(templates: FieldTemplates, exchange: Exchange): string[] {
  return templates.flatMap(({ name, value }) => [
    name,
    value(exchange).replace(/[\x00-\x08\x0a-\x1f\x7f]/g, ''),
  ]);
}
