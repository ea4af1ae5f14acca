/** A head and what follows it, in one write where that costs less than two. */
import type { Bytes } from '../../exchange.ts';

/** Up to this size a body is copied behind its head. */
const JOIN_MAX = 4_096;

/** What net.Socket has, too. */
interface Writer {
  write(text: string, encoding: 'latin1'): boolean;
  write(bytes: Uint8Array): boolean;
  cork(): void;
  uncork(): void;
}

/** False: hold the next bytes until the socket has drained. */
export function writeBoth(socket: Writer, head: string, body: Bytes): boolean {
  if (typeof body === 'string') return socket.write(head + body, 'latin1');
  if (head === '') return socket.write(body);
  if (body.length <= JOIN_MAX) {
    const text = Buffer.from(body.buffer, body.byteOffset, body.length).latin1Slice();
    return socket.write(head + text, 'latin1');
  }
  socket.cork();
  socket.write(head, 'latin1');
  const room = socket.write(body);
  socket.uncork();
  return room;
}
