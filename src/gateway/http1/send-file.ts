/** Bytes of an open file, straight into the socket of a connection. */
import type { Socket } from 'node:net';
import { sendfile } from '../../base/sendfile.ts';
import { descriptorOf, socketCalls } from '../../base/socket-calls.ts';
import type { Bytes, Exchange } from '../../exchange.ts';

/**
 * `head`: text that goes first, and in any case. Returns how many bytes of the file went; 0 while something that was
 * written before has not.
 */
export function sendFileTo(socket: Socket, head: string, fd: number, start: number, end: number): number {
  if (head !== '') {
    const sentBytes = (isFree(socket) && socketCalls()?.send(descriptorOf(socket), head, true)) || 0;
    if (sentBytes < head.length) socket.write(head.slice(sentBytes), 'latin1');
  }
  return isFree(socket) && start < end ? sendfile(descriptorOf(socket), fd, start, end) : 0;
}

function isFree(socket: Socket): boolean {
  return socket.writableLength === 0 && !socket.destroyed;
}

/** For a full socket: `onDrain` follows when it has taken the bytes. After an error the connection is lost, which is told elsewhere. */
export function writeAndWait(socket: Socket, bytes: Bytes, exchange: Exchange): void {
  const done = (error?: Error | null): void => {
    if (!error) exchange.onDrain?.();
  };
  if (typeof bytes === 'string') socket.write(bytes, 'latin1', done);
  else socket.write(bytes, done);
}
