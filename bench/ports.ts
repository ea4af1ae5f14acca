/** Ports for the stacks, below those that the kernel gives to the load generator's connections. */
import { createServer } from 'node:net';

const FIRST_PORT = 18_400;
const PORTS = 100;

let taken = 0;

/** The next port on which nobody listens. */
export async function takePort(): Promise<number> {
  for (let tries = 0; tries < PORTS; tries++) {
    const port = FIRST_PORT + (taken++ % PORTS);
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port from ${FIRST_PORT} to ${FIRST_PORT + PORTS - 1}`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.on('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
