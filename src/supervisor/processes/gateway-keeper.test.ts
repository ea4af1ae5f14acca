import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../../test/support/fake-clock.ts';
import type { ToGateway } from '../../control/messages.ts';
import { createLog } from '../../telemetry/log.ts';
import { GatewayKeeper } from './gateway-keeper.ts';
import type { GatewayEvents } from './gateway-process.ts';

class Surroundings {
  readonly clock = new FakeClock();
  readonly gateways: GatewayEvents[] = [];
  readonly done: string[] = [];
  readonly lines: string[] = [];
  readonly keeper: GatewayKeeper;

  constructor() {
    const effects = {
      spawn: (events: GatewayEvents) => {
        this.gateways.push(events);
        const pid = this.gateways.length;
        this.done.push(`spawn ${pid}`);
        return {
          pid,
          label: `the gateway (pid ${pid})`,
          send: (message: ToGateway) => this.done.push(`${pid} ${message.type}`),
          terminate: () => this.done.push(`TERM ${pid}`),
          kill: () => this.done.push(`KILL ${pid}`),
        };
      },
      introduction: (): ToGateway[] => [{ type: 'application-unavailable', application: 'shop', why: 'x' }],
      serving: () => this.done.push('serving'),
      failed: (why: string) => this.done.push(`failed: ${why}`),
      ended: () => {},
      report: (message: { type: string }) => this.done.push(`report ${message.type}`),
    };
    const log = createLog('test', 'info', (line) => this.lines.push(line.replace(/^.*\[test\] /, '').trim()));
    this.keeper = new GatewayKeeper(effects, this.clock, log, () => 0);
    this.keeper.start();
  }

  get newest(): GatewayEvents {
    return this.gateways.at(-1)!;
  }

  /** What was done since the last call. */
  since(): string[] {
    return this.done.splice(0);
  }

  die(cause = 'was killed by SIGKILL'): void {
    this.newest.ended({ cause, status: null, wasStarted: true });
  }

  serve(): this {
    this.newest.message({ type: 'serving' });
    this.since();
    return this;
  }
}

test('a gateway is told all it has to know, and reports', () => {
  const at = new Surroundings();
  at.newest.message({ type: 'serving' });
  at.newest.message({ type: 'worker-drained', application: 'shop', worker: 1 });
  at.keeper.send({ type: 'reopen-logs' });
  assert.deepEqual(at.since(), [
    'spawn 1',
    '1 application-unavailable',
    'serving',
    'report worker-drained',
    '1 reopen-logs',
  ]);
  assert.equal(at.clock.pendingTimers, 0);
});

test('one that dies is replaced at once, then with back-off', () => {
  const at = new Surroundings().serve();
  at.die();
  assert.deepEqual(at.since(), ['spawn 2', '2 application-unavailable']);
  assert.deepEqual(at.lines, [
    'gateway-exited: the gateway (pid 1) was killed by SIGKILL: it is replaced, connections wait',
  ]);
  at.serve().die();
  at.keeper.send({ type: 'reopen-logs' });
  at.clock.advance(999);
  assert.deepEqual(at.since(), []);
  at.clock.advance(1);
  assert.deepEqual(at.since(), ['spawn 3', '3 application-unavailable']);
});

test('the first one that cannot serve ends it all', () => {
  const at = new Surroundings();
  at.newest.message({ type: 'not-serving', why: 'cannot bind' });
  assert.deepEqual(at.since().slice(2), ['failed: cannot bind', 'KILL 1']);
  const other = new Surroundings();
  other.die('exited with status 1');
  assert.deepEqual(other.since().slice(2), [
    'failed: the gateway (pid 1) exited with status 1 before it could serve',
  ]);
});

test('a later one that cannot serve is tried again', () => {
  const at = new Surroundings().serve();
  at.die();
  at.newest.message({ type: 'not-serving', why: 'cannot bind' });
  at.die('exited with status 1');
  at.since();
  at.clock.advance(1000);
  assert.equal(at.since()[0], 'spawn 3');
  assert.ok(at.lines.includes('gateway-failed: the gateway (pid 2) cannot serve: cannot bind'));
});

test('one that does not serve in time is killed', () => {
  const at = new Surroundings().serve();
  at.die();
  at.since();
  at.clock.advance(30_000);
  assert.deepEqual(at.since(), ['KILL 2']);
});

test('stop lets it finish, has it give up requests that do not end, and kills it when it does not stop', async () => {
  const at = new Surroundings().serve();
  const stopped = at.keeper.stop(30_000, 0);
  assert.deepEqual(at.since(), ['1 stop']);
  at.clock.advance(30_000);
  assert.deepEqual(at.since(), ['TERM 1']);
  at.clock.advance(1000);
  assert.deepEqual(at.since(), ['KILL 1']);
  at.die();
  await stopped;
  assert.deepEqual(at.since(), []);
  assert.deepEqual(at.lines, ['gateway-killed: the gateway (pid 1) had not stopped and was killed']);
});

test('a stop can be hastened', async () => {
  const at = new Surroundings().serve();
  const stopped = at.keeper.stop(30_000, 0);
  at.keeper.terminate(5000);
  at.clock.advance(5000);
  assert.deepEqual(at.since(), ['1 stop', 'TERM 1']);
  at.clock.advance(1000);
  assert.deepEqual(at.since(), ['KILL 1']);
  at.die();
  await stopped;
  assert.equal(at.clock.pendingTimers, 0);
});

test('a stop while none is running is done at once', async () => {
  const at = new Surroundings().serve();
  at.die();
  at.serve().die();
  await at.keeper.stop(30_000, 0);
  at.clock.advance(60_000);
  assert.deepEqual(at.since(), []);
});
