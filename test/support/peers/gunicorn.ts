/** gunicorn with one process of eight threads, so that a gate of one request can be opened by another. */
import { APPS } from '../vivarium.ts';
import { type Owner, type Peer, skipWithout, startPeer } from './peer.ts';

const COMMAND = '/usr/bin/gunicorn';
export const NO_GUNICORN = skipWithout(COMMAND);

/** `bind`: `127.0.0.1:0`, the port is in `match`; or `unix:one.sock`, which is in the folder. */
export function startGunicorn(owner: Owner, bind: string, application = 'twins/wsgi.py'): Promise<Peer> {
  const [, folder, module] = /^(?:(.*)\/)?(.*)\.py$/.exec(application)!;
  return startPeer(owner, {
    command: COMMAND,
    args: (own) => [
      ...['--bind', bind.replace('unix:', `unix:${own}/`), '--workers', '1', '--threads', '8'],
      ...['--graceful-timeout', '1', '--limit-request-field_size', '65536', '--limit-request-line', '8190'],
      ...['--chdir', `${APPS}${folder ?? ''}`, `${module}:application`],
    ],
    env: { PYTHONDONTWRITEBYTECODE: '1' },
    ready: /Listening at: (?:http:\S+:(\d+)|unix:\S+) .*Booting worker/s,
  });
}

/** With a configuration file of its own, which says everything. */
export function startGunicornFile(owner: Owner, file: string): Promise<Peer> {
  return startPeer(owner, {
    command: COMMAND,
    args: (own) => ['--config', `${own}/gunicorn.conf.py`],
    files: () => ({ 'gunicorn.conf.py': file }),
    env: { PYTHONDONTWRITEBYTECODE: '1' },
    ready: /Booting worker/,
  });
}
