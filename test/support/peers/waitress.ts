/** waitress with eight threads, so that a gate of one request can be opened by another. */
import { APPS } from '../vivarium.ts';
import { type Owner, type Peer, skipWithout, startPeer } from './peer.ts';

const COMMAND = '/usr/bin/waitress-serve';
export const NO_WAITRESS = skipWithout(COMMAND);

/** Over TCP the port is in `match`, over a Unix socket it is `one.sock` in the folder. */
export function startWaitress(owner: Owner, where: 'TCP' | 'Unix'): Promise<Peer> {
  return startPeer(owner, {
    command: COMMAND,
    args: (folder) => [
      where === 'Unix' ? `--unix-socket=${folder}/one.sock` : '--listen=127.0.0.1:0',
      ...['--threads=8', 'wsgi:application'],
    ],
    env: { PYTHONDONTWRITEBYTECODE: '1', PYTHONPATH: `${APPS}twins` },
    ready: where === 'Unix' ? 'one.sock' : /Serving on http:\/\/127\.0\.0\.1:(\d+)/,
  });
}
