/**
 * A gateway for tests of the supervisor alone: the real messages, but no protocol with the workers to speak of (a line
 * of JSON says what one has to say). It answers each request with its own pid and the workers that get requests.
 */
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

import { createServer as createSocketServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { ToGateway, ToSupervisor } from '../../src/control/messages.ts';

interface Saying {
  readonly worker: number;
  readonly pid: number;
  readonly token: string;
  readonly traceback: string | null;
}

const tokens = new Map<number, string>();
/** By worker: the name of its application. */
const applications = new Map<number, string>();
const active = new Set<number>();
const servers: Server[] = [];

function answer(_: IncomingMessage, response: ServerResponse): void {
  response.statusCode = active.size === 0 ? 503 : 200;
  response.end(JSON.stringify({ gateway: process.pid, workers: [...active] }));
}

function tell(message: ToSupervisor): void {
  process.send?.(message);
}

function onDial(socket: Socket): void {
  socket.on('error', () => {});
  createInterface(socket).on('line', (line) => {
    const { worker, pid, token, traceback } = JSON.parse(line) as Saying;
    const application = applications.get(worker)!;
    if (tokens.get(worker) !== token) socket.destroy();
    else if (traceback === null) tell({ type: 'worker-ready', application, worker, pid });
    else tell({ type: 'worker-failed', application, worker, traceback });
  });
}

let accept = async (): Promise<void> => {};

function configure({
  listeners,
  workerSocketPath,
  configuration,
  accepts,
}: ToGateway & { type: 'configure' }): void {
  if (configuration.http.serverTokens) {
    tell({ type: 'not-serving', why: 'the test said so' });
    return;
  }
  rmSync(workerSocketPath, { force: true });
  accept = async () => {
    for (const { fd } of listeners) {
      const server = createServer(answer).listen({ fd }, configuration.backlog);
      servers.push(server);
      await once(server, 'listening');
    }
  };
  createSocketServer(onDial).listen(workerSocketPath, async () => {
    if (accepts) await accept();
    tell({ type: 'serving' });
  });
}

async function stop(): Promise<void> {
  for (const server of servers) {
    server.close();
    server.closeIdleConnections();
  }
  await Promise.all(servers.map((server) => once(server, 'close')));
  process.exit(0);
}

process.on('message', (message: ToGateway) => {
  if (message.type === 'configure') configure(message);
  else if (message.type === 'expect-worker') {
    tokens.set(message.identity.worker, message.identity.token);
    applications.set(message.identity.worker, message.application);
  } else if (message.type === 'accept') accept().then(() => tell({ type: 'accepting' }));
  else if (message.type === 'worker-exited') active.delete(message.worker);
  else if (message.type === 'stop') stop();
  else if (message.type === 'switch') {
    for (const worker of message.activate) active.add(worker);
    for (const worker of message.drain) {
      active.delete(worker);
      tell({ type: 'worker-drained', application: message.application, worker });
    }
  }
});
process.on('disconnect', () => process.exit(0));
