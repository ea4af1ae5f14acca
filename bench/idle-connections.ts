/** Opens many keep-alive connections, each of which has had one answer, and then leaves them alone. */
import { connect, type Socket } from 'node:net';

const OPENING_AT_ONCE = 100;
/** A server that is full is not asked ten thousand times. */
const FAILURES_MAX = 10;
const ANSWER_TIMEOUT_MS = 10_000;

export interface IdleConnections {
  /** Connections that the server still keeps open. */
  held(): number;
  close(): void;
}

/** `answerEnd`: the last bytes of a right answer, by which its end is known. */
export async function openIdleConnections(
  port: number,
  count: number,
  answerEnd: Buffer,
  signal: AbortSignal,
): Promise<IdleConnections> {
  const sockets = new Set<Socket>();
  let started = 0;
  let failed = 0;
  const openSome = async () => {
    while (started < count && failed < FAILURES_MAX && !signal.aborted) {
      started++;
      const socket = await openOne(port, answerEnd).catch(() => null);
      if (socket === null) {
        failed++;
        continue;
      }
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    }
  };
  await Promise.all(Array.from({ length: OPENING_AT_ONCE }, openSome));
  return {
    held: () => sockets.size,
    close: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
}

function openOne(port: number, answerEnd: Buffer): Promise<Socket> {
  return new Promise((resolve, reject) => {
    let received = Buffer.alloc(0);
    const socket = connect({ port, host: '127.0.0.1' });
    const fail = () => {
      socket.destroy();
      reject(new Error('no answer'));
    };
    socket.setTimeout(ANSWER_TIMEOUT_MS, fail);
    socket.on('error', fail);
    socket.on('close', fail);
    socket.on('connect', () => socket.write('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'));
    socket.on('data', (block: Buffer) => {
      received = Buffer.concat([received, block]);
      if (!received.subarray(-answerEnd.length).equals(answerEnd)) return;
      socket.setTimeout(0);
      socket.off('close', fail);
      resolve(socket);
    });
  });
}
