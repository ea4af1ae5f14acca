/** `scripts` of a `proxy`: the server behind runs files, as PHP-FPM does, and wants to know which. */
import { section } from '../section.ts';
import { one } from '../setting.ts';
import { onOff, path, text } from '../value-types.ts';
import { checked } from './types.ts';

export interface ScriptsSettings {
  /** DOCUMENT_ROOT, absolute. */
  readonly root: string;
  readonly suffix: string;
  /** Latin-1, like the paths that it is put behind. */
  readonly index: string;
  /** Latin-1: the path of a script below `root`; null for 404. */
  readonly fallback: string | null;
  readonly areChecked: boolean;
}

const scriptPath = checked(
  'PATH',
  'the path of a script below root, like /index.php, without . and ..',
  (value) => /^(\/[^/]+)+$/.test(value) && !/\/\.\.?(\/|$)/.test(value),
);

export const scripts = section({
  help: 'the servers run files: what has the suffix in the path is the script, what follows it is PATH_INFO',
  short: 'root',
  required: ['root'],
  parts: {
    root: one(path('DIRECTORY'), { default: '', help: 'where the scripts are: DOCUMENT_ROOT' }),
    suffix: one(text('SUFFIX', /^\.\w+$/, 'a suffix like .php'), {
      default: '.php',
      help: 'how the name of a script ends; no other file is ever run',
    }),
    index: one(text('NAME', /^[^/\0]+$/, 'the name of a file'), {
      default: 'index.php',
      help: 'the script for a path that ends in a slash',
    }),
    fallback: one(scriptPath, {
      default: null,
      defaultText: '404',
      help: 'the script for paths that lead to none, such as /index.php',
    }),
    check: one(onOff, {
      default: true,
      help: 'look whether the script is there; off where only the servers have the files',
    }),
  },
  build: ({ root, suffix, index, fallback, check }, place): ScriptsSettings => {
    for (const [key, name] of Object.entries({ index, fallback }))
      if (name !== null && !name.endsWith(suffix))
        place.refuse(key, JSON.stringify(name), `a script, so a name that ends in ${suffix}`);
    return {
      root: root.replace(/(.)\/+$/, '$1'),
      suffix,
      index: latin1(index),
      fallback: fallback && latin1(fallback),
      areChecked: check,
    };
  },
});

function latin1(value: string): string {
  return Buffer.from(value, 'utf8').latin1Slice();
}
