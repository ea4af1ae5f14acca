/** Settings: static files. */
import { map } from '../setting.ts';
import { path, urlPath } from '../value-types.ts';

export const staticFiles = {
  title: 'Static files',
  settings: {
    'url-alias': map(urlPath, path('PATH'), {
      help: 'serves a file, or the files of a directory, under a URL path',
      placeholder: 'URL PATH',
    }),
  },
};
