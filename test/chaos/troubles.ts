/** Everything that can go wrong. To add a trouble, add an entry: it is chosen, run and judged like the others. */
import { Clients, pause, sendOne } from './clients.ts';
import type { Random } from './random.ts';
import { CRASH, EXITS, fork, HANG, hold, LOCK, leak, type Order, SPIN, STREAM } from './requests.ts';
import { type DeedKind, LIMITS, MEMORY_LIMIT_MIB, PROCESSES, type Site } from './site.ts';
import { stall } from './stall.ts';

export interface Trouble {
  readonly name: string;
  /** How often it is chosen, compared with the others. */
  readonly weight: number;
  /** Resolves when it is over. */
  make(site: Site, random: Random): Promise<void>;
}

export const TROUBLES: readonly Trouble[] = [
  // Signals to processes
  { name: 'kill -9 of a worker', weight: 5, make: onWorker(kill('SIGKILL', 'worker-killed')) },
  { name: 'SIGTERM to a worker', weight: 3, make: onWorker(kill('SIGTERM', 'worker-ended')) },
  { name: 'SIGUSR1 to a worker', weight: 2, make: onWorker(kill('SIGUSR1', 'worker-ended')) },
  { name: 'a worker is paused', weight: 3, make: onWorker(suspend('worker-paused')) },
  { name: 'kill -9 of the gateway', weight: 1, make: onGateway(endGateway('SIGKILL', 'gateway-killed')) },
  { name: 'SIGTERM to the gateway', weight: 0.5, make: onGateway(endGateway('SIGTERM', 'gateway-ended')) },
  { name: 'the gateway is paused', weight: 1, make: onGateway(suspend('gateway-paused')) },

  // Requests that harm their worker
  { name: 'a request that sleeps', weight: 4, make: send(() => HANG) },
  { name: 'a request that spins', weight: 2, make: send(() => SPIN) },
  { name: 'a request that waits in C', weight: 2, make: send(() => LOCK) },
  { name: 'an answer that does not end', weight: 2, make: send(() => STREAM) },
  {
    name: 'a request that holds the GIL',
    weight: 3,
    make: send((random) => hold(random.between(100, 6000))),
  },
  { name: 'a request that segfaults', weight: 2, make: send(() => CRASH) },
  { name: 'a request that exits', weight: 2, make: send((random) => random.pick(EXITS)!) },
  { name: 'a request that forks', weight: 2, make: forkWorker },
  { name: 'a request that leaks', weight: 3, make: send(() => leak(MEMORY_LIMIT_MIB)) },

  // Reloads
  { name: 'SIGHUP', weight: 2, make: async ({ server }) => server.signal('SIGHUP') },
  { name: 'vivarium reload', weight: 3, make: (site) => site.changeCode(() => load(site, 'reload')) },
  { name: 'vivarium restart', weight: 2, make: (site) => site.changeCode(() => load(site, 'restart')) },
  { name: 'a reload of broken code', weight: 2, make: breakCode },

  // Clients
  { name: 'many clients at once', weight: 2, make: crowd },
  { name: 'clients that stall', weight: 2, make: stallSome },

  // Operators
  { name: 'vivarium scale', weight: 2, make: scale },
  { name: 'SIGTTIN', weight: 1, make: async ({ server }) => server.signal('SIGTTIN') },
  { name: 'SIGTTOU', weight: 1, make: async ({ server }) => server.signal('SIGTTOU') },
  { name: 'the logs are rotated', weight: 2, make: async (site) => site.rotateLogs() },
  { name: 'vivarium status', weight: 2, make: ask('status') },
  { name: 'vivarium ps', weight: 2, make: ask('ps', '--stacks') },
];

type OnProcess = (site: Site, pid: number, random: Random) => Promise<void>;

function onWorker(act: OnProcess): Trouble['make'] {
  return (site, random) => onOneOf(site, site.workers(), random, act);
}

function onGateway(act: OnProcess): Trouble['make'] {
  return (site, random) => onOneOf(site, site.gateways(), random, act);
}

async function onOneOf(site: Site, pids: readonly number[], random: Random, act: OnProcess): Promise<void> {
  const pid = random.pick(pids);
  if (pid !== undefined) await act(site, pid, random);
}

function kill(signal: NodeJS.Signals, kind: DeedKind): OnProcess {
  return async (site, pid) => {
    const deed = site.begin(kind, pid);
    site.signal(pid, signal);
    while (site.isAlive(pid)) await pause(50);
    deed.untilMs = Date.now();
  };
}

function endGateway(signal: NodeJS.Signals, kind: DeedKind): OnProcess {
  return async (site, pid, random) => {
    const away = site.begin('gateway-away', pid);
    await kill(signal, kind)(site, pid, random);
    while ((await site.status()).gateway.connections === null) await pause(100);
    away.untilMs = Date.now();
  };
}

function suspend(kind: DeedKind): OnProcess {
  return async (site, pid, random) => {
    const deed = site.begin(kind, pid);
    // Also when the run is broken off: a process that is paused for ever would not see that its supervisor is gone.
    const resume = () => site.signal(pid, 'SIGCONT');
    process.once('exit', resume);
    if (site.signal(pid, 'SIGSTOP')) await pause(random.between(100, 2500));
    process.off('exit', resume);
    if (site.isAlive(pid)) resume();
    deed.untilMs = Date.now();
  };
}

function send(choose: (random: Random) => Order): Trouble['make'] {
  return (site, random) => sendOne(site.server.port, choose(random), site.book);
}

/** The process that it leaves behind has the worker's descriptors for a while. */
async function forkWorker({ server, book }: Site, random: Random): Promise<void> {
  const ms = random.between(500, 6000);
  await sendOne(server.port, fork(ms), book);
  await pause(ms);
}

/** What is replaced by a restart goes on for so long at most. */
const RETIRING_MS = (LIMITS['graceful-timeout'] + LIMITS['shutdown-timeout']) * 1000;

/** New code, which answers from then on. */
async function load(site: Site, command: 'reload' | 'restart'): Promise<void> {
  site.writeCode(site.nextCode());
  const version = site.version;
  const startedAtMs = Date.now();
  const restarted = command === 'restart' ? site.begin('restarted') : null;
  const { code, output } = await site.command(command);
  if (restarted !== null) restarted.untilMs = Date.now() + RETIRING_MS;
  if (code === 0) site.versions.push({ version, sinceMs: Date.now() });
  // A process that is killed meanwhile makes it fail, and so it should.
  else if (!site.deeds.some(({ pid, untilMs }) => pid !== null && untilMs >= startedAtMs))
    site.complaints.push(`a ${command} with good code failed: ${output}`);
}

const BROKEN = [
  'raise RuntimeError("broken")\n',
  'def application(:\n',
  'import sys\nsys.exit(3)\n',
  'import os\nos._exit(3)\n',
  'import time\ntime.sleep(1000)\n',
];

function breakCode(site: Site, random: Random): Promise<void> {
  const broken = random.pick(BROKEN)!;
  const staysMs = random.between(0, 3000);
  return site.changeCode(async () => {
    const deed = site.begin('code-broken');
    site.writeCode(broken);
    const { code, output } = await site.command('reload');
    if (code === 0)
      site.complaints.push(`a reload of broken code (${JSON.stringify(broken)}) went well: ${output}`);
    await pause(staysMs);
    await load(site, 'reload');
    deed.untilMs = Date.now() + LIMITS['startup-timeout'] * 1000;
  });
}

async function crowd({ server, book }: Site, random: Random): Promise<void> {
  const clients = new Clients(server.port, book, random, random.between(50, 150));
  await pause(random.between(200, 1000));
  await clients.stop();
}

async function stallSome({ server }: Site, random: Random): Promise<void> {
  const stalls = Array.from({ length: random.between(5, 30) }, () =>
    stall(server.port, random.between(500, 5000)),
  );
  await Promise.all(stalls);
}

async function scale(site: Site, random: Random): Promise<void> {
  const startedAtMs = Date.now();
  const { code, output } = await site.command('scale', random.pick([PROCESSES, '1', '3', '5'])!);
  // A process that is killed, or code that is broken, makes it fail.
  if (code !== 0 && !site.deeds.some(({ untilMs }) => untilMs >= startedAtMs))
    site.complaints.push(`vivarium scale failed: ${output}`);
}

/** The exit status is 1 while something is not well, as it is now, or there is no gateway to ask. */
function ask(command: string, ...args: string[]): Trouble['make'] {
  return async (site) => {
    const { code, output } = await site.command(command, '--json', ...args);
    const isAnswer = code === 0 || (code === 1 && output.startsWith('{'));
    if (!isAnswer) site.complaints.push(`vivarium ${command} ended with ${code}: ${output}`);
  };
}
