/** What somebody has meant by a name that no setting has: a slip of the finger, or the name that another server has for it. */
import { closest } from '../../base/closest.ts';

/** uWSGI, gunicorn and nginx, whose users come here with their files. */
export const NAMES_OF_OTHERS: Readonly<Record<string, string>> = {
  accesslog: 'access-log',
  backlog: 'server-backlog',
  bind: 'listen',
  'buffer-size': 'limit-request-head',
  callable: 'callable-object',
  certfile: 'ssl-certificate-file',
  chdir: 'working-directory',
  cheaper: 'processes',
  'client-max-body-size': 'limit-request-body',
  env: 'setenv',
  errorlog: 'log-directory',
  'evil-reload-on-rss': 'memory-limit-hard',
  'fastcgi-socket': 'listen',
  'forwarded-allow-ips': 'trust-proxy',
  gid: 'group',
  harakiri: 'request-timeout',
  home: 'python-home',
  http: 'listen',
  'http-socket': 'listen',
  idle: 'inactivity-timeout',
  keepalive: 'keep-alive-timeout',
  keyfile: 'ssl-certificate-key-file',
  'log-maxsize': 'max-log-size',
  loglevel: 'log-level',
  logto: 'log-directory',
  'max-requests': 'maximum-requests',
  'max-requests-jitter': 'recycle-jitter',
  'max-worker-lifetime': 'restart-interval',
  module: 'application',
  mount: 'mount-point',
  pidfile: 'pid-file',
  plugin: 'python',
  'py-autoreload': 'reload-on-changes',
  pythonpath: 'python-path',
  'raw-env': 'setenv',
  reload: 'reload-on-changes',
  'reload-on-rss': 'memory-limit',
  'scgi-socket': 'listen',
  socket: 'listen',
  'static-map': 'url-alias',
  stats: 'server-status',
  timeout: 'request-timeout',
  uid: 'user',
  'uwsgi-socket': 'listen',
  virtualenv: 'python-home',
  'worker-connections': 'max-clients',
  'worker-reload-mercy': 'graceful-timeout',
  workers: 'processes',
  'wsgi-app': 'application',
  'wsgi-file': 'application',
};

/** What a setting of another server is called here; null: nothing. */
export function ofOthers(name: string): string | null {
  return Object.hasOwn(NAMES_OF_OTHERS, name) ? NAMES_OF_OTHERS[name]! : null;
}

/** Null: nobody can tell. `known`: names that may stand there. */
export function meantBy(name: string, known: readonly string[]): string | null {
  const dashed = name.replaceAll('_', '-');
  const own = ofOthers(dashed);
  return own !== null && known.includes(own) ? own : closest(dashed, known);
}
