/** How the server is: at rest or not, and what it holds. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { getOnce } from '../support/raw-client.ts';
import { pause } from './clients.ts';
import type { Condition, Holdings, Remains } from './evidence.ts';
import type { Site } from './site.ts';

/** Back-off may keep a place empty for 30 seconds; workers that were missed before are kept for longer. */
const REST_WAIT_MS = 90_000;
/** Memory and descriptors come back as the collector of garbage and closed connections are dealt with. */
const SETTLE_WAIT_MS = 15_000;
const POLL_MS = 250;
const POLLS_SAME = 4;

/** Waits until it is at rest; if that never comes, the condition says what was in the way. */
export async function observe(site: Site, before: Condition | null): Promise<Condition> {
  let unrest = await lookAround(site);
  for (const until = Date.now() + REST_WAIT_MS; unrest.length > 0 && Date.now() < until; ) {
    await pause(POLL_MS);
    unrest = await lookAround(site);
  }
  const askedAtMs = Date.now();
  await getOnce(site.server.port, '/work?ms=0&number=0').catch((error) => unrest.push(error.message));
  const answerMs = Date.now() - askedAtMs;
  return { ...(await settle(site, before)), unrest, answerMs };
}

/** Until it holds no more than before; if there is no before, until nothing changes any more. */
async function settle(site: Site, before: Condition | null): Promise<Held> {
  let held = hold(site);
  for (let same = 0, until = Date.now() + SETTLE_WAIT_MS; Date.now() < until; ) {
    if (before === null ? same === POLLS_SAME : isBack(held, before)) break;
    await pause(POLL_MS);
    const now = hold(site);
    same = now.gateway.descriptors === held.gateway.descriptors ? same + 1 : 0;
    held = now;
  }
  return held;
}

async function lookAround(site: Site): Promise<string[]> {
  const { state, gateway, applications } = await site.status();
  const { processes, processesMin, queued, unavailable, workers } = applications[0]!;
  const idle = workers.filter((worker) => worker.state === 'active' && worker.inFlight === 0);
  const gateways = site.gateways();
  const unrest: [boolean, string][] = [
    [gateways.length !== 1, `there are ${gateways.length} gateways`],
    [state !== 'serving', `its state is ${state}`],
    [gateway.connections !== 0, `${gateway.connections} connections are open`],
    [queued !== 0, `${queued} requests wait`],
    [unavailable !== null, `the application is not available: ${unavailable}`],
    [processes !== processesMin, `${processes} workers are wanted, not ${processesMin}`],
    [workers.length !== processes, `there are ${workers.length} workers, not ${processes}`],
    [idle.length !== workers.length, `not all workers are active and idle: ${JSON.stringify(workers)}`],
  ];
  return unrest.filter(([is]) => is).map(([, what]) => what);
}

type Held = Pick<Condition, 'supervisor' | 'gateway'>;

function hold(site: Site): Held {
  return { supervisor: holdingsOf(site.server.pid), gateway: holdingsOf(site.gateways()[0]!) };
}

function holdingsOf(pid: number): Holdings {
  const [, kibibytes] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))!;
  return {
    residentMib: Math.round(Number(kibibytes) / 1024),
    descriptors: readdirSync(`/proc/${pid}/fd`).filter((fd) => !isErrorLog(`/proc/${pid}/fd/${fd}`)).length,
  };
}

/** A gateway that was there when the logs were rotated has the old file and the new one. */
function isErrorLog(link: string): boolean {
  try {
    return /\/error_log(\.\d+)?$/.test(readlinkSync(link));
  } catch {
    return true; // Closed since it was listed.
  }
}

/** How much more a process may have than before: what V8 and malloc keep of what was needed for a while. */
export const GROWTH_MIB_MAX = { supervisor: 48, gateway: 96 } as const;

function isBack(now: Held, before: Held): boolean {
  return (['supervisor', 'gateway'] as const).every(
    (name) =>
      now[name].residentMib <= before[name].residentMib + GROWTH_MIB_MAX[name] &&
      now[name].descriptors === before[name].descriptors,
  );
}

/** After the stop. All processes of a run have the path of its database in their environment. */
export function lookForRemains(site: Site, exit: string): Remains {
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && belongsTo(site, name));
  const files = [site.root, site.runtime].flatMap((folder) =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry) => `${entry.parentPath}/${entry.name}`),
  );
  return { exit, processes, files };
}

function belongsTo({ databasePath }: Site, pid: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`CHAOS_DATABASE=${databasePath}\0`);
  } catch {
    return false;
  }
}
