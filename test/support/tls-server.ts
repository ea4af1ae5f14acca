/** A server with an HTTPS port beside the plain one, and clients of it. */
import { once } from 'node:events';
import tls from 'node:tls';
import { RawClient } from './raw-client.ts';
import { type Server, type StartOptions, startServer } from './vivarium.ts';

export interface TlsServer extends Server {
  readonly httpsPort: number;
}

export async function startTlsServer(
  args: readonly string[],
  options: StartOptions = {},
): Promise<TlsServer> {
  const server = await startServer([...args, '--https-port', '0'], options);
  const [, port] = /^Server URL +: https:\/\/127\.0\.0\.1:(\d+)/m.exec(server.output)!;
  return Object.assign(server, { httpsPort: Number(port) });
}

/** A client that trusts everybody. */
export async function openTls(port: number, options: tls.ConnectionOptions = {}): Promise<tls.TLSSocket> {
  const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
  socket.on('error', () => {});
  await Promise.race([
    once(socket, 'secureConnect'),
    once(socket, 'close').then(() => {
      throw new Error('the server closed the connection before it was secure');
    }),
  ]);
  return socket;
}

export async function openTlsClient(port: number, options?: tls.ConnectionOptions): Promise<RawClient> {
  return new RawClient(await openTls(port, options));
}
