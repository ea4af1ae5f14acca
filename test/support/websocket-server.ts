/** A WebSocket server of HTTP/1.1 for browsers: says back each short text that it gets (RFC 6455). */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** Its port. */
export async function startWebSocketServer(t: { after(then: () => void): void }): Promise<number> {
  const sockets = new Set<Duplex>();
  const server = createServer().on('upgrade', (request, socket) => {
    const key = request.headers['sec-websocket-key'];
    const accept = createHash('sha1').update(`${key}${GUID}`).digest('base64');
    const head = ['HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: websocket'];
    socket.write([...head, `Sec-WebSocket-Accept: ${accept}`, '', ''].join('\r\n'));
    socket.on('error', () => {}).on('data', (frame: Buffer) => echo(socket, frame));
    sockets.add(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}

/** `frame`: a whole one, masked, of less than 126 bytes. What is a close is said back, too. */
function echo(socket: Duplex, frame: Buffer): void {
  const mask = frame.subarray(2, 6);
  const payload = frame.subarray(6).map((byte, i) => byte ^ mask[i % 4]!);
  socket.write(Buffer.concat([Buffer.from([frame[0]!, payload.length]), payload]));
  if ((frame[0]! & 0xf) === 8) socket.end();
}
