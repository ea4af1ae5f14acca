/** Ends a connection in the hardest way that it knows, so that its client can tell that something is missing. */
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

export function reset(socket: Socket): void {
  // Only TCP knows resets. In TLS an end without its `close_notify` says the same (RFC 8446, section 6.1).
  if (socket instanceof TLSSocket || socket.remoteAddress === undefined) socket.destroy();
  else socket.resetAndDestroy();
}
