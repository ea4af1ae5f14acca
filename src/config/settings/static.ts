/** Settings: static files. */
import { list, map, one } from '../setting.ts';
import { fileName, onOff, path, urlPath } from '../value-types.ts';

export const staticFiles = {
  title: 'Static files',
  settings: {
    'url-alias': map(urlPath, path('PATH'), {
      help: 'serves a file, or the files of a directory, under a URL path',
      placeholder: 'URL PATH',
    }),
    'directory-index': list(fileName, {
      defaultText: 'index.html',
      help: 'for url-alias: files that answer for a directory; the first that exists',
    }),
    'directory-listing': one(onOff, {
      default: false,
      help: 'for url-alias: list the files of a directory that has no index',
    }),
  },
};
