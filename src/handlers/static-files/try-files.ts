/** `try-files`: the paths below the root that are looked for in turn, and what follows when none of them is there. */
import { canonicalPath } from '../../base/url-path.ts';

/** As nginx has it: the file, or the directory of that name. */
const DEFAULT = ['{path}', '{path}/'];

export interface Attempts {
  /** Of a path below the root: canonical ones, `''` for the root itself. */
  readonly of: (path: string) => string[];
  /** The first is always the path itself. */
  readonly beginWithPath: boolean;
  /** `next`: another handler answers; else a status. */
  readonly fallback: 'next' | number;
}

export function compileAttempts(tryFiles: readonly string[]): Attempts {
  const last = tryFiles.at(-1) ?? '';
  const fallback = last === '=next' ? 'next' : last.startsWith('=') ? Number(last.slice(1)) : 404;
  const paths = (tryFiles.length === 0 ? DEFAULT : tryFiles.filter((each) => !each.startsWith('='))).map(
    (text) => Buffer.from(text, 'utf8').latin1Slice(),
  );
  return {
    of: (path) => [...new Set(paths.map((text) => filled(text, path)))],
    beginWithPath: paths[0] === '{path}',
    fallback,
  };
}

function filled(text: string, path: string): string {
  const whole = text.replaceAll('{path}', () => path);
  return whole === '' ? '' : canonicalPath(whole.startsWith('/') ? whole : `/${whole}`);
}
