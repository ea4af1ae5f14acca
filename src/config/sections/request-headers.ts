/** `request-headers`: what is done to the header fields of requests before what follows sees them. */
import { section } from '../section.ts';
import { list, map } from '../setting.ts';
import { changeableField, fieldValue } from './types.ts';

export interface RequestHeadersSettings {
  /** Taken away first. */
  readonly remove: readonly string[];
  /** In the place of those of the same name. Values are templates. */
  readonly set: Readonly<Record<string, string>>;
  /** Only where there is none of the name. */
  readonly default: Readonly<Record<string, string>>;
  /** Beside those of the same name. */
  readonly add: Readonly<Record<string, string>>;
}

export const requestHeaders = section({
  help: 'changes header fields of requests',
  short: 'set',
  parts: {
    remove: list(changeableField, { help: 'fields to take away' }),
    set: map(changeableField, fieldValue, { help: 'fields in the place of those of the same name' }),
    default: map(changeableField, fieldValue, { help: 'fields where there is none of the name' }),
    add: map(changeableField, fieldValue, { help: 'fields beside those of the same name' }),
  },
  build: (values): RequestHeadersSettings => values,
});
