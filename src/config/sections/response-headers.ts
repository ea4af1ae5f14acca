/** `response-headers`: what is done to the header fields of answers. */

import { section } from '../section.ts';
import { list, map } from '../setting.ts';
import { changeableField, fieldValue } from './types.ts';

export interface ResponseHeadersSettings {
  /** Taken away first. */
  readonly remove: readonly string[];
  /** In the place of those of the same name. */
  readonly set: Readonly<Record<string, string>>;
  /** Only where there is none of the name. */
  readonly default: Readonly<Record<string, string>>;
  /** Beside those of the same name. */
  readonly add: Readonly<Record<string, string>>;
}

export const responseHeaders = section({
  help: 'changes header fields of answers',
  parts: {
    remove: list(changeableField, { help: 'fields to take away' }),
    set: map(changeableField, fieldValue, { help: 'fields to send in the place of those of the same name' }),
    default: map(changeableField, fieldValue, { help: 'fields to send where there is none of the name' }),
    add: map(changeableField, fieldValue, { help: 'fields to send beside those of the same name' }),
  },
  build: (values): ResponseHeadersSettings => values,
});
