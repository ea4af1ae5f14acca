/**
 * A worker for tests of the supervisor alone. The file that FAKE_WORKER names says how it behaves: `serve`, `fail` (the
 * application cannot be loaded), `hang` (it never becomes ready) or `deaf` (it serves and ignores SIGTERM).
 */
import { readFileSync } from 'node:fs';
import { connect, Socket } from 'node:net';
import { createInterface } from 'node:readline';

const LIFELINE = 3;
const behaviour = readFileSync(process.env.FAKE_WORKER!, 'utf8').trim();
process.on('SIGTERM', () => {
  if (behaviour !== 'deaf') process.exit(0);
});

function dial(start: { worker: number; token: string; socketPath: string }): void {
  const socket = connect(start.socketPath);
  socket.on('error', () => {});
  socket.on('close', () => setTimeout(dial, 20, start));
  socket.on('connect', () => {
    const traceback = behaviour === 'fail' ? 'Traceback\n  File "x"\nImportError: the test said so' : null;
    const { worker, token } = start;
    socket.write(`${JSON.stringify({ worker, token, pid: process.pid, traceback })}\n`, () => {
      if (behaviour === 'fail') process.exit(3);
    });
  });
}

const lifeline = new Socket({ fd: LIFELINE });
createInterface(lifeline)
  .once('line', (line) => {
    if (behaviour !== 'hang') dial(JSON.parse(line));
  })
  .on('close', () => process.exit(0));
