/** `sendfile`: the application names a file, and the gateway sends it. */
import { section } from '../section.ts';
import { list, map, one } from '../setting.ts';
import { choice, path, urlPath } from '../value-types.ts';

export interface SendfileSettings {
  /** Directories, absolute: what X-Sendfile may name files in. */
  readonly directories: readonly string[];
  /** What X-Accel-Redirect may name: paths of URLs, each with its directory. */
  readonly locations: readonly { readonly url: string; readonly directory: string }[];
  readonly symlinks: 'follow' | 'owner' | 'none';
}

export const sendfile = section({
  help: 'the application answers with a file by naming it in X-Sendfile or X-Accel-Redirect',
  short: 'directories',
  parts: {
    directories: list(path('DIRECTORY'), {
      help: 'directories that X-Sendfile may name files in, by their absolute path',
    }),
    locations: map(urlPath, path('DIRECTORY'), {
      help: 'paths that X-Accel-Redirect may name, and the directory that each stands for',
    }),
    symlinks: one(choice('follow', 'owner', 'none'), {
      default: 'follow',
      help: 'symbolic links below a directory: all, those that belong to the owner of what they point to, or none',
    }),
  },
  build: ({ directories, locations, symlinks }, place): SendfileSettings => {
    if (directories.length === 0 && Object.keys(locations).length === 0)
      place.refuse(null, 'nothing', 'directories, locations or both');
    if (symlinks !== 'follow' && process.platform !== 'linux')
      place.refuse('symlinks', symlinks, 'follow: the others need Linux');
    return {
      directories,
      locations: Object.entries(locations).map(([url, directory]) => ({ url, directory })),
      symlinks,
    };
  },
});
