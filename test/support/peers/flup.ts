/** flup: the servers of SCGI, FastCGI and AJP in Python that many applications once ran on. Threads, one process. */
import { APPS, ROOT } from '../vivarium.ts';
import { type Owner, type Peer, skipWithout, startPeer } from './peer.ts';

/** scripts/test.sh installs it. */
const INSTALLED = `${ROOT}node_modules/.cache/vivarium-test/flup`;
export const NO_FLUP = skipWithout(`${INSTALLED}/flup`);
export type FlupProtocol = 'scgi' | 'fcgi' | 'ajp';

/** Says where it listens, which flup does not. */
const PROGRAM = `
import importlib, socket, sys
sys.path[:0] = [${JSON.stringify(INSTALLED)}, ${JSON.stringify(`${APPS}twins`)}]
protocol, address = sys.argv[1:]
from wsgi import application

class Server(importlib.import_module("flup.server." + protocol).WSGIServer):
    def _setupSocket(self):
        listener = super()._setupSocket()
        if listener.family == socket.AF_INET:  # it writes a packet in two pieces
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        print("listening at", listener.getsockname(), flush=True)
        return listener

Server(application, bindAddress=address or ("127.0.0.1", 0), maxThreads=8, debug=False).run()
`;

/** Over TCP the port is in `match`, over a Unix socket it is `one.sock` in the folder; AJP knows only TCP. */
export function startFlup(
  owner: Owner,
  interpreter: string,
  protocol: FlupProtocol,
  where: 'TCP' | 'Unix',
): Promise<Peer> {
  return startPeer(owner, {
    command: interpreter,
    args: (folder) => ['-W', 'ignore', '-c', PROGRAM, protocol, where === 'Unix' ? `${folder}/one.sock` : ''],
    env: { PYTHONDONTWRITEBYTECODE: '1' },
    ready: where === 'Unix' ? 'one.sock' : /listening at \('127\.0\.0\.1', (\d+)\)/,
  });
}
