/** HAProxy with one frontend that passes everything to one backend. It listens on a socket that it is given. */

import { once } from 'node:events';
import { createServer } from 'node:net';
import { type Owner, type Peer, skipWithout, startPeer } from './peer.ts';

export const NO_HAPROXY = skipWithout('haproxy');

/** `server`: what stands behind the word `server` and its name. */
export async function startHaproxy(
  owner: Owner,
  mode: 'tcp' | 'http',
  server: string,
): Promise<Peer & { readonly port: number }> {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as { port: number };
  // The only way to hand a socket on that the kernel has chosen the port of.
  const { fd } = (listener as unknown as { _handle: { fd: number } })._handle;
  try {
    const peer = await startPeer(owner, {
      command: 'haproxy',
      args: (folder) => ['-db', '-f', `${folder}/haproxy.cfg`],
      files: (folder) => ({
        'haproxy.cfg': `
global
  log stderr local0 info
defaults
  mode ${mode}
  log global
  option log-health-checks
  timeout connect 10s
  timeout client 60s
  timeout server 60s
frontend front
  bind fd@3
  bind unix@${folder}/ready.sock
  default_backend back
backend back
  server one ${server}
`,
      }),
      descriptors: [fd],
      ready: 'ready.sock',
    });
    return { ...peer, port };
  } finally {
    listener.close();
  }
}
