import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { endGroup, readGroupUsage, signalGroup } from './process-group.ts';
import { readProcessUsage } from './process-usage.ts';

/** A shell that has started another one, which says `ready` and outlives it. */
async function startFamily(t: TestContext, child: string): Promise<ChildProcess> {
  const script = `sh -c '${child}' & echo $!; read line`;
  const leader = spawn('sh', ['-c', script], { stdio: ['pipe', 'pipe', 'ignore'], detached: true });
  t.after(() => signalGroup(leader.pid!, 'SIGKILL'));
  let output = '';
  leader.stdout!.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  while (!output.includes('ready')) await once(leader.stdout!, 'data');
  return leader;
}

async function endLeader(leader: ChildProcess): Promise<void> {
  leader.kill('SIGKILL');
  await once(leader, 'exit');
}

test('what a leader has left behind is told to end', async (t) => {
  const leader = await startFamily(t, 'trap "exit 0" TERM; echo ready; while :; do sleep 0.01; done');
  await endLeader(leader);
  assert.equal(signalGroup(leader.pid!, 0), true);
  await endGroup(leader.pid!, 30_000);
  assert.equal(readGroupUsage(leader.pid!), null);
});

test('and is killed when it does not', async (t) => {
  const leader = await startFamily(t, 'trap "" TERM; echo ready; while :; do sleep 0.01; done');
  await endLeader(leader);
  await endGroup(leader.pid!, 1);
  // It is dead, whether anybody has waited for it or not.
  while (readGroupUsage(leader.pid!) !== null) await new Promise(setImmediate);
});

test('a group without processes needs no time', async () => {
  const leader = spawn('true', { detached: true });
  await once(leader, 'exit');
  assert.equal(signalGroup(leader.pid!, 0), false);
  await endGroup(leader.pid!, 30_000);
});

test('memory and time are those of all processes', async (t) => {
  const leader = await startFamily(t, 'echo ready; while :; do sleep 0.01; done');
  const usage = readGroupUsage(leader.pid!)!;
  const own = readProcessUsage(leader.pid!)!;
  assert.ok(usage.residentBytes > own.residentBytes, `${usage.residentBytes}, its own ${own.residentBytes}`);
  assert.ok(usage.dataBytes >= own.dataBytes);
});
