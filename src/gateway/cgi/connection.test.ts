import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { test } from 'node:test';
import { DEFAULT_LIMITS } from '../../../test/support/read-requests.ts';
import { GATEWAY_PROTOCOLS } from '../../protocols/gateway-protocols.ts';
import type { ListenerContext } from '../listener-context.ts';
import { peerAt } from '../peer.ts';
import { GatewayConnection } from './connection.ts';

const ROOM_BYTES = 100;
const CPING = Buffer.from('\x12\x34\0\x01\x0a', 'latin1');
const CPONG_BYTES = 5;

/** The other end takes nothing until it is told to. */
class FullSocket extends Duplex {
  taken = 0;
  #waiting: (() => void) | null = null;

  constructor() {
    super({ highWaterMark: ROOM_BYTES, read() {} });
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.taken += chunk.length;
    this.#waiting = done;
  }

  takes(): boolean {
    const done = this.#waiting;
    this.#waiting = null;
    done?.();
    return done !== null;
  }
}

test('a front that asks on and on has to take the answers first', async () => {
  const socket = new FullSocket();
  const settings = {
    ...DEFAULT_LIMITS,
    headerTimeoutMs: 1e6,
    keepAliveTimeoutMs: 1e6,
    ajp: { secret: '', packetBytes: 8192 },
  };
  const gateway = { protocol: GATEWAY_PROTOCOLS.ajp.server };
  const context = { settings, gateway } as unknown as ListenerContext;
  const connection = new GatewayConnection(socket as unknown as Socket, peerAt('/socket'), context, 0);
  socket.on('drain', () => connection.onDrain());
  const asked = 1000;
  connection.onData(Buffer.concat(Array<Buffer>(asked).fill(CPING)));
  assert.ok(socket.writableLength <= ROOM_BYTES, `${socket.writableLength} bytes wait`);
  while (socket.takes()) await new Promise(setImmediate);
  assert.equal(socket.taken, asked * CPONG_BYTES);
});
