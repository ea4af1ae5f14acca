import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeFolder } from '../../../test/support/folder.ts';
import { askServer } from '../../control/client.ts';
import type { ServerEvent } from '../../control/protocol.ts';
import { createLog } from '../../telemetry/log.ts';
import { type ControlledServer, carryOut } from './control.ts';
import { ControlSocket } from './control-socket.ts';
import { EventFeed } from './event-feed.ts';

type Context = Parameters<typeof makeFolder>[0];

function serve(t: Context, change: Partial<ControlledServer>): string {
  const root = makeFolder(t);
  const no = () => assert.fail('asked');
  const server: ControlledServer = {
    events: new EventFeed(),
    status: no,
    requests: no,
    purge: no,
    upstreams: no,
    reload: no,
    restart: no,
    scale: no,
    stop: no,
    ...change,
  };
  const log = createLog('test', 'debug', (line) => assert.fail(line));
  const socket = new ControlSocket(
    join(root, 'control.sock'),
    (request, client) => carryOut(server, request, client),
    log,
  );
  t.after(() => socket.close());
  return root;
}

test('all remembered events can be had at once, however long they are', async (t) => {
  const events = new EventFeed();
  for (let n = 0; n < 500; n++) {
    events.add({
      at: '2026-11-21T04:44:27.147Z',
      level: 'error',
      process: 'supervisor 7',
      code: 'worker-failed',
      message: `${n} ${'\x1b'.repeat(20_000)}`,
    });
  }
  const seen: ServerEvent[] = [];
  const request = { command: 'events', recent: 200, follow: false } as const;
  const root = serve(t, { events });
  assert.deepEqual(await askServer(root, request, { event: (event) => seen.push(event) }), {
    done: true,
    ok: true,
  });
  assert.deepEqual(
    [seen.length, seen[0]!.message.slice(0, 4), seen[199]!.message.slice(0, 4)],
    [200, '300 ', '499 '],
  );
});

test('a gateway that does not say which requests it has is a failure', async (t) => {
  const asked: boolean[] = [];
  const requests = (withStacks: boolean) => {
    asked.push(withStacks);
    return Promise.resolve(null);
  };
  const answer = await askServer(serve(t, { requests }), { command: 'ps', stacks: true });
  assert.deepEqual(answer, { done: true, ok: false, why: 'the gateway does not answer' });
  assert.deepEqual(asked, [true]);
});

test('a reload and a restart tell how they ended', async (t) => {
  const failed = { ok: false, why: 'worker 3 failed', traceback: 'Traceback' } as const;
  const root = serve(t, {
    reload: () => Promise.resolve({ ok: true, detail: 'done' }),
    restart: () => Promise.resolve(failed),
  });
  const said: string[] = [];
  const progress = (text: string) => said.push(text.split(':')[0]!);
  assert.deepEqual(await askServer(root, { command: 'reload', application: null }, { progress }), {
    done: true,
    ok: true,
    detail: 'done',
  });
  assert.deepEqual(await askServer(root, { command: 'restart' }, { progress }), { done: true, ...failed });
  assert.deepEqual(said, ['reloading', 'restarting']);
});

test('a server of an upstream is changed if it is there', async (t) => {
  const server = { server: 'a:1', state: 'up', weight: 1, isBackup: false } as const;
  const counts = { busy: 0, requests: 0, failures: 0, idleConnections: 0 };
  const reports = ['api', 'other'].map((upstream) => ({
    ...{ upstream, queued: 0, servers: [{ ...server, ...counts }] },
  }));
  const changes: unknown[] = [];
  const root = serve(t, {
    upstreams: (change) => {
      if (change !== null) changes.push(change);
      return Promise.resolve(reports);
    },
  });
  const change = { server: 'a:1', change: { weight: 2 } };
  const ask = (upstream: string | null, wanted: typeof change | null) =>
    askServer(root, { command: 'upstreams', upstream, change: wanted });
  assert.deepEqual(await ask(null, null), { done: true, ok: true, upstreams: reports });
  assert.deepEqual(await ask('api', change), { done: true, ok: true, upstreams: [reports[0]] });
  assert.deepEqual(changes, [{ upstream: 'api', ...change }]);
  const refused = { done: true, ok: false } as const;
  const why = 'no upstream "nix"; allowed: api, other';
  assert.deepEqual(await ask('nix', null), { ...refused, why });
  const unknown = await ask(null, { ...change, server: 'b' });
  assert.deepEqual(unknown, { ...refused, why: 'no server "b"; allowed: a:1' });
  assert.equal(changes.length, 1);
});
