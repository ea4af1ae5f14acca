/** Bytes of a file, straight into the socket of a connection. */
import type { Socket } from 'node:net';
import { sendfile } from '../../base/sendfile.ts';
import { descriptorOf } from '../../base/socket-calls.ts';
import type { Bytes, Exchange } from '../../exchange.ts';

/** Returns how many went; 0 while something that was written before has not. */
export function sendFileTo(socket: Socket, fd: number, start: number, end: number): number {
  if (socket.writableLength > 0 || socket.destroyed || start >= end) return 0;
  return sendfile(descriptorOf(socket), fd, start, end);
}

/** For a full socket: `onDrain` follows when it has taken the bytes. After an error the connection is lost, which is told elsewhere. */
export function writeAndWait(socket: Socket, bytes: Bytes, exchange: Exchange): void {
  const done = (error?: Error | null): void => {
    if (!error) exchange.onDrain?.();
  };
  if (typeof bytes === 'string') socket.write(bytes, 'latin1', done);
  else socket.write(bytes, done);
}
