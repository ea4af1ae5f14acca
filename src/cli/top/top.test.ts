import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { aStatus } from '../../../test/support/a-status.ts';
import { runCommand } from '../../../test/support/fake-terminal.ts';
import { makeFolder } from '../../../test/support/folder.ts';
import type { ServerEvent } from '../../control/protocol.ts';
import { type ControlHandler, ControlSocket } from '../../supervisor/control/control-socket.ts';
import { createLog } from '../../telemetry/log.ts';
import type { Screen } from './screen.ts';

const EVENT: ServerEvent = {
  at: '2026-11-21T04:44:27.147Z',
  level: 'info',
  process: 'supervisor 7',
  code: 'worker-started',
  message: 'hello',
};

const answer: ControlHandler = async (request, client) => {
  if (request.command === 'status') return { done: true, ok: true, status: aStatus() };
  if (request.command === 'ps') return { done: true, ok: true, requests: { total: 0, oldest: [] } };
  client.event(EVENT);
  await new Promise((resolve) => client.gone.addEventListener('abort', resolve));
  return { done: true, ok: true };
};

function serve(t: Parameters<typeof makeFolder>[0]): string {
  const root = makeFolder(t);
  const log = createLog('test', 'debug', (line) => assert.fail(line));
  const server = new ControlSocket(join(root, 'control.sock'), answer, log);
  t.after(() => server.close());
  return root;
}

/** Presses each key when the screen shows what stands before it. */
class FakeScreen implements Screen {
  readonly size = { rows: 24, columns: 100 };
  isClosed = false;
  readonly #script: [shows: RegExp, key: string][];
  #press: (key: string) => void = () => {};

  constructor(script: [shows: RegExp, key: string][]) {
    this.#script = script;
  }

  draw(lines: readonly string[]): void {
    const next = this.#script[0];
    if (next === undefined || !next[0].test(stripVTControlCharacters(lines.join('\n')))) return;
    this.#script.shift();
    this.#press(next[1]);
  }
  onKey(then: (key: string) => void): void {
    this.#press = then;
  }
  onResize(): void {}
  close(): void {
    this.isClosed = true;
  }
}

test('it shows the server, sorts at a key, and ends at another', async (t) => {
  const root = serve(t);
  const screen = new FakeScreen([
    [/WORKER▾[\s\S]*worker-started: hello/, 'm'],
    [/MEMORY▾/, 'x'],
    [/^0\.0 requests\/s/m, '\x03'],
  ]);
  const { status, told } = await runCommand(['top', '--server-root', root], { screen });
  assert.deepEqual([status, told, screen.isClosed], [0, '', true]);
});

test('without a terminal, or without a server, it says so', async (t) => {
  const root = serve(t);
  assert.deepEqual(await runCommand(['top', '--server-root', root]), {
    status: 1,
    printed: '',
    told: 'vivarium top: this is no terminal; use vivarium status --json, ps --json or events --json\n',
  });
  const screen = new FakeScreen([]);
  const { status, told } = await runCommand(['top', '--server-root', `${root}/absent`], { screen });
  assert.deepEqual([status, screen.isClosed], [1, false]);
  assert.match(told, /^vivarium top: no server is running/);
});
