/**
 * Requests below the mount point `/m`, as web servers really tell of them (recorded from nginx 1.22 and Apache 2.4), and
 * what of it an application is to see, whichever gateway protocol brings it.
 */

/** REQUEST_URI, and PATH_INFO as the application is to see it: bytes as latin-1. */
type MountedPath = readonly [uri: string, pathInfo: string];

const SPACE: MountedPath = ['/m/a%20b', '/a b'];
const ESCAPED_SLASH: MountedPath = ['/m/a%2Fb', '/a/b'];
const SLASHES: MountedPath = ['/m//a//b', '//a//b'];
const UTF8: MountedPath = ['/m/caf%C3%A9', '/caf\xc3\xa9'];
const SEMICOLON: MountedPath = ['/m/a;b=c/d', '/a;b=c/d'];
const MOUNT: MountedPath = ['/m/', '/'];

export const MOUNTED_PATHS = [SPACE, ESCAPED_SLASH, SLASHES, UTF8, SEMICOLON, MOUNT];

/** nginx resolves slashes before it decides. */
export const MERGED: MountedPath = ['/m//a//b', '/a/b'];

export interface FrontVariables {
  readonly path: MountedPath;
  readonly scriptName: string;
  /** '': the front sends none. */
  readonly pathInfo: string;
  readonly scriptFilename?: string;
}

/** By the configuration of the front. */
export const MOUNT_FRONTS: Readonly<Record<string, readonly FrontVariables[]>> = {
  'nginx, uwsgi_params and SCRIPT_NAME': [
    { path: SPACE, scriptName: '/m', pathInfo: '/m/a b' },
    { path: ESCAPED_SLASH, scriptName: '/m', pathInfo: '/m/a/b' },
    { path: MERGED, scriptName: '/m', pathInfo: '/m/a/b' },
    { path: UTF8, scriptName: '/m', pathInfo: '/m/caf\xc3\xa9' },
    { path: SEMICOLON, scriptName: '/m', pathInfo: '/m/a;b=c/d' },
    { path: MOUNT, scriptName: '/m', pathInfo: '/m/' },
  ],
  'nginx, scgi_params or fastcgi_params and SCRIPT_NAME': [
    SPACE,
    ESCAPED_SLASH,
    SLASHES,
    UTF8,
    SEMICOLON,
    MOUNT,
  ].map((path) => ({ path, scriptName: '/m', pathInfo: '' })),
  'nginx, fastcgi_split_path_info': [
    { path: SPACE, scriptName: '/m', pathInfo: '/a b' },
    { path: ESCAPED_SLASH, scriptName: '/m', pathInfo: '/a/b' },
    { path: MERGED, scriptName: '/m', pathInfo: '/a/b' },
    { path: UTF8, scriptName: '/m', pathInfo: '/caf\xc3\xa9' },
    { path: SEMICOLON, scriptName: '/m', pathInfo: '/a;b=c/d' },
    { path: MOUNT, scriptName: '/m', pathInfo: '/' },
  ],
  'Apache, mod_proxy_uwsgi': [
    { path: SPACE, scriptName: '/m', pathInfo: '/a b', scriptFilename: 'proxy:uwsgi://h:1/a b' },
    { path: SLASHES, scriptName: '/m/', pathInfo: '/a//b', scriptFilename: 'proxy:uwsgi://h:1/a//b' },
    {
      path: UTF8,
      scriptName: '/m',
      pathInfo: '/caf\xc3\xa9',
      scriptFilename: 'proxy:uwsgi://h:1/caf\xc3\xa9',
    },
    { path: SEMICOLON, scriptName: '/m', pathInfo: '/a;b=c/d', scriptFilename: 'proxy:uwsgi://h:1/a;b=c/d' },
    { path: MOUNT, scriptName: '/m/', pathInfo: '/', scriptFilename: 'proxy:uwsgi://h:1/' },
  ],
  'Apache, mod_proxy_scgi or mod_proxy_fcgi': [
    { path: SPACE, scriptName: '/m/a b', pathInfo: '', scriptFilename: 'proxy:scgi://h:1/a%20b' },
    { path: ESCAPED_SLASH, scriptName: '/m/a%2Fb', pathInfo: '', scriptFilename: 'proxy:scgi://h:1/a%2Fb' },
    // With a <Location> for it.
    { path: ESCAPED_SLASH, scriptName: '/m/a%2Fb', pathInfo: '', scriptFilename: 'proxy:scgi://h:1/a%252Fb' },
    { path: SLASHES, scriptName: '/m//a//b', pathInfo: '', scriptFilename: 'proxy:scgi://h:1/a//b' },
    {
      path: UTF8,
      scriptName: '/m/caf\xc3\xa9',
      pathInfo: '',
      scriptFilename: 'proxy:scgi://h:1/caf%C3%A9',
    },
    { path: SEMICOLON, scriptName: '/m/a;b=c/d', pathInfo: '', scriptFilename: 'proxy:scgi://h:1/a;b=c/d' },
    { path: MOUNT, scriptName: '/m/', pathInfo: '', scriptFilename: 'proxy:scgi://h:1/' },
  ],
};
