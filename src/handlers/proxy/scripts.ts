/**
 * Which script a path is for, where servers run files: nginx's fastcgi_split_path_info, fastcgi_index and try_files
 * in one. The script is the part of the path up to the first name with the suffix. It is looked for before a server is
 * asked, as one that finds no such file may try another: PHP would run `photo.jpg` for `/photo.jpg/x.php`.
 */
import { stat } from 'node:fs';
import { canonicalPath } from '../../base/url-path.ts';
import type { ScriptsSettings } from '../../config/sections/scripts.ts';
import type { FieldList } from '../../exchange.ts';

export interface Script {
  /** Below the root, with the slash at its beginning; latin-1. */
  readonly name: string;
  /** What of the path follows it. */
  readonly pathInfo: string;
  /** DOCUMENT_ROOT, SCRIPT_FILENAME and what else a server needs to run it. */
  readonly variables: FieldList;
}

/** Calls back with null when the path leads to no script. `path`: decoded. */
export function findScript(
  settings: ScriptsSettings,
  path: string,
  done: (script: Script | null) => void,
): void {
  const { root, fallback, areChecked } = settings;
  const [name, pathInfo] = splitPath(settings, path) ?? [null, ''];
  const otherwise = () => done(fallback === null ? null : scriptOf(settings, fallback, ''));
  if (name === null) return otherwise();
  if (!areChecked) return done(scriptOf(settings, name, pathInfo));
  stat(Buffer.concat([Buffer.from(root), Buffer.from(name, 'latin1')]), (error, stats) => {
    if (error !== null || !stats.isFile()) otherwise();
    else done(scriptOf(settings, name, pathInfo));
  });
}

/** Null where no name has the suffix, and where a name is hidden, such as `.git`. */
function splitPath(
  { suffix, index }: ScriptsSettings,
  path: string,
): [name: string, pathInfo: string] | null {
  const canonical = canonicalPath(path);
  if (!canonical.startsWith('/') || canonical.includes('\0')) return null;
  const end = endOfScript(canonical, suffix);
  if (end < 0 && !canonical.endsWith('/')) return null;
  const name = end < 0 ? canonical + index : canonical.slice(0, end);
  return name.includes('/.') ? null : [name, end < 0 ? '' : canonical.slice(end)];
}

/** Of the first name with the suffix; -1: there is none. */
function endOfScript(path: string, suffix: string): number {
  for (let at = path.indexOf(suffix); at >= 0; at = path.indexOf(suffix, at + 1)) {
    const end = at + suffix.length;
    if (end === path.length || path[end] === '/') return end;
  }
  return -1;
}

function scriptOf({ root }: ScriptsSettings, name: string, pathInfo: string): Script {
  const documentRoot = Buffer.from(root, 'utf8').latin1Slice();
  const variables = ['DOCUMENT_ROOT', documentRoot, 'SCRIPT_FILENAME', documentRoot + name];
  if (pathInfo !== '') variables.push('PATH_TRANSLATED', documentRoot + pathInfo);
  // PHP that was built to be safe from direct calls wants to see that a server has led to it.
  variables.push('REDIRECT_STATUS', '200');
  return { name, pathInfo, variables };
}
