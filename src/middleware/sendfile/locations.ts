/** What the application may name: from the value of X-Sendfile or X-Accel-Redirect to a file below a directory. */
import { canonicalPath, decodePath, isBelow, pathPrefix } from '../../base/url-path.ts';
import type { SendfileSettings } from '../../config/sections/sendfile.ts';
import { type FileTree, fileTree } from '../../files/file-tree.ts';

export interface Located {
  readonly tree: FileTree;
  /** Below the root of the tree, latin-1. */
  readonly path: string;
}

/** Null: nothing that the settings allow. `value`: latin-1, as the application has sent it. */
export type Locate = (value: string) => Located | null;

/** X-Sendfile, as Apache's mod_xsendfile has it: an absolute path, which is not decoded. */
export function compileDirectories({ directories, symlinks }: SendfileSettings): Locate {
  const trees = directories.map((directory) => ({
    prefix: pathPrefix(directory),
    tree: fileTree(directory, symlinks),
  }));
  return (value) => locate(trees, asUtf8(value));
}

/** X-Accel-Redirect, as nginx has it: the percent-encoded path of a URL; a query is not looked at. */
export function compileLocations({ locations, symlinks }: SendfileSettings): Locate {
  const trees = locations.map(({ url, directory }) => ({
    prefix: pathPrefix(url),
    tree: fileTree(directory, symlinks),
  }));
  return (value) => {
    const path = decodePath(value.replace(/\?.*$/s, ''));
    return path === null ? null : locate(trees, path);
  };
}

interface Root {
  readonly prefix: string;
  readonly tree: FileTree;
}

function locate(roots: readonly Root[], value: string): Located | null {
  if (!value.startsWith('/') || value.includes('\0')) return null;
  const path = canonicalPath(value);
  const covering = roots.filter(({ prefix }) => isBelow(path, prefix));
  covering.sort((a, b) => b.prefix.length - a.prefix.length);
  const [longest] = covering;
  return longest === undefined ? null : { tree: longest.tree, path: path.slice(longest.prefix.length) };
}

/** A path that PEP 3333 had the application write as latin-1 text is UTF-8 on the disk nearly always. */
function asUtf8(value: string): string {
  const bytes = Buffer.from(value, 'latin1');
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return value;
  } catch {
    return Buffer.from(value, 'utf8').latin1Slice();
  }
}
