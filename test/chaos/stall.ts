/** A client that begins a request and does not go on with it: not a request, so it has no number. */
import { connect } from 'node:net';
import { pause } from './clients.ts';

const BEGINNINGS = [
  '',
  'GET /work?ms=0&num',
  'POST /upload?number=0 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n123',
];

export async function stall(port: number, forMs: number): Promise<void> {
  const socket = connect(port, '127.0.0.1').on('error', () => {});
  socket.write(BEGINNINGS[forMs % BEGINNINGS.length]!);
  await pause(forMs);
  socket.destroy();
}
