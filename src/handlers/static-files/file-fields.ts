/** What the options of a directory say of each of its files: type, charset, what caches may do. */
import { compilePattern } from '../../base/pattern.ts';
import type { FileOptions } from '../../config/sections/files.ts';
import type { FieldList } from '../../exchange.ts';
import { contentType } from '../../files/content-types.ts';

export interface FileFields {
  readonly contentType: string;
  readonly fields: FieldList;
}

/** For paths below the root, with their slash. */
export function compileFileFields(
  options: Pick<FileOptions, 'types' | 'charset' | 'rules'>,
): (path: string) => FileFields {
  const types = new Map(Object.entries(options.types));
  const rules = options.rules.map(({ pattern, cacheControl }) => ({
    matches: compilePattern(pattern)!,
    fields: ['Cache-Control', cacheControl],
  }));
  return (path) => {
    const below = path.slice(1);
    return {
      contentType: contentType(path, types, options.charset),
      fields: rules.find(({ matches }) => matches(below) !== null)?.fields ?? [],
    };
  };
}
