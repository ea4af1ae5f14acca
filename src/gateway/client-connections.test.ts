import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import type { LimitConnectionsSettings } from '../config/sections/limit-connections.ts';
import { createLog } from '../telemetry/log.ts';
import { ClientConnections } from './client-connections.ts';

function limited(changes: Partial<LimitConnectionsSettings> = {}) {
  const settings = {
    max: 2,
    exempt: ['127.0.0.0/8'],
    dryRun: false,
    place: 'vivarium.toml:3: limit-connections',
  };
  const lines: string[] = [];
  const log = createLog('test', 'info', (text) => lines.push(text.replace(/^.*?\[test\] /, '').trim()));
  const connections = new ClientConnections(
    { ...settings, ...changes },
    (address) => address === '10.0.0.1',
    log,
  );
  /** Null: turned away. */
  const connect = (address: string): EventEmitter | null => {
    const socket = new EventEmitter();
    return connections.admit(socket as Socket, address) ? socket : null;
  };
  return { connect, lines };
}

test('a client has no more than its connections, and may have another one when one has gone', () => {
  const { connect } = limited();
  const first = connect('192.0.2.7');
  assert.notEqual(connect('192.0.2.7'), null);
  assert.equal(connect('192.0.2.7'), null);
  assert.equal(connect('192.0.2.7'), null);
  assert.notEqual(connect('192.0.2.8'), null);
  first!.emit('close');
  assert.notEqual(connect('192.0.2.7'), null);
  assert.equal(connect('192.0.2.7'), null);
});

test('addresses of one IPv6 network are one client', () => {
  const { connect } = limited();
  assert.deepEqual(
    ['2001:db8::1', '2001:db8::2', '2001:db8::ff:3', '2001:db8:0:1::1'].map(
      (address) => connect(address) !== null,
    ),
    [true, true, false, true],
  );
});

test('proxies, Unix sockets and who is exempt have no limit', () => {
  const { connect } = limited();
  for (const address of ['10.0.0.1', '', '127.0.0.1'])
    for (let i = 0; i < 5; i++) assert.notEqual(connect(address), null, address);
  const strict = limited({ exempt: [] });
  for (let i = 0; i < 2; i++) assert.notEqual(strict.connect('127.0.0.1'), null);
  assert.equal(strict.connect('127.0.0.1'), null);
});

test('a dry run turns nobody away, and both say so once a second', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const dry = limited({ max: 1, dryRun: true });
  const strict = limited({ max: 1 });
  for (let i = 0; i < 4; i++) {
    assert.notEqual(dry.connect('192.0.2.7'), null);
    strict.connect('192.0.2.7');
  }
  t.mock.timers.tick(1_000);
  const place = 'connections-limited: vivarium.toml:3: limit-connections';
  assert.deepEqual(dry.lines, [
    `${place}: would have turned away 3 within a second, the last of "192.0.2.7"`,
  ]);
  assert.deepEqual(strict.lines, [`${place}: turned away 3 within a second, the last of "192.0.2.7"`]);
});
