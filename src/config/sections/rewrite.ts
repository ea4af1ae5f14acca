/** `rewrite`: what follows sees another path. */
import { section } from '../section.ts';
import { one } from '../setting.ts';
import { urlPath } from '../value-types.ts';
import { pathTemplate } from './types.ts';

export interface RewriteSettings {
  /** A template: see url-template.ts. Null: it stays. */
  readonly to: string | null;
  /** Without a slash at the end; null for none. */
  readonly stripPrefix: string | null;
  readonly addPrefix: string | null;
}

export const rewrite = section({
  help: 'lets what follows see another path, without the client knowing',
  short: 'to',
  parts: {
    to: one(pathTemplate, {
      default: null,
      help: 'the path, and the query in place of the one of the request',
    }),
    'strip-prefix': one(urlPath, {
      default: null,
      help: 'taken off the beginning of the path, where it is there',
    }),
    'add-prefix': one(urlPath, { default: null, help: 'put in front of the path' }),
  },
  build: (values, place): RewriteSettings => {
    const { to, 'strip-prefix': stripPrefix, 'add-prefix': addPrefix } = values;
    if (to === null && stripPrefix === null && addPrefix === null)
      place.refuse(null, 'none of its keys', 'to, or strip-prefix and add-prefix');
    else if (to !== null && (stripPrefix ?? addPrefix) !== null)
      place.refuse(null, 'to and a prefix', 'to, or strip-prefix and add-prefix');
    return { to, stripPrefix, addPrefix };
  },
});
