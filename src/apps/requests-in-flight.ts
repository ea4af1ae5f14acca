/** What is under way in an application, for people: `vivarium ps`. */
import type { RequestInFlight } from '../control/messages.ts';
import type { Assignment } from './assignment.ts';
import type { Worker } from './worker.ts';

/** Those that wait and those that workers have, oldest first; also those whose client has gone, as they hold a thread. */
export function listRequests(
  application: string,
  queue: readonly Assignment[],
  workers: Iterable<Worker>,
): RequestInFlight[] {
  const describe = (assignment: Assignment, worker: Worker | null, phase: RequestInFlight['phase']) =>
    requests.push({ application, ...describeRequest(assignment, worker, phase) });
  const requests: RequestInFlight[] = [];
  for (const assignment of queue) describe(assignment, null, 'queued');
  for (const worker of workers) {
    for (const channel of worker.channels) {
      for (const assignment of channel.inFlight) {
        const phase = assignment === channel.first ? channel.phase : 'queued';
        describe(assignment, worker, phase);
      }
    }
  }
  return requests.sort((a, b) => b.ageMs - a.ageMs);
}

/** What `list` gives once the workers have said where their threads are, with the stack of each request that runs. */
export async function addStacks(
  list: () => RequestInFlight[],
  workers: Iterable<Worker>,
): Promise<RequestInFlight[]> {
  const stacks = new Map<string, string>();
  const asked = [...workers].filter(({ load }) => load > 0);
  await Promise.all(asked.map((worker) => collectStacks(worker, stacks)));
  return list().map((request) => ({ ...request, stack: stacks.get(request.id) ?? null }));
}

async function collectStacks(worker: Worker, stacks: Map<string, string>): Promise<void> {
  for (const { channel: index, exchange, stack } of (await worker.takeStacks()) ?? []) {
    const channel = worker.channels.find((one) => one.index === index);
    const assignment = channel?.inFlight.find(({ channelId }) => channelId === exchange);
    if (assignment !== undefined) stacks.set(assignment.id, stack);
  }
}

function describeRequest(
  { exchange }: Assignment,
  worker: Worker | null,
  phase: RequestInFlight['phase'],
): Omit<RequestInFlight, 'application'> {
  const { id, request, startedAtMs } = exchange;
  return {
    id,
    method: request.method,
    target: request.target,
    client: request.remoteAddress,
    worker: worker?.identity.worker ?? null,
    pid: worker?.pid ?? null,
    phase,
    ageMs: Math.max(0, Math.round(performance.timeOrigin + performance.now() - startedAtMs)),
    stack: null,
  };
}
