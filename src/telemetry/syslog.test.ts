import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { createLog } from './log.ts';
import { createSyslogWriter } from './syslog.ts';

const messages: string[] = [];
const log = createLog('test', 'info', (line) => messages.push(line.replace(/^.*?\[test\] /, '').trim()));

const MESSAGE = /^<190>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z \S+ vivarium \d+ access - (.*)$/s;

test('over UDP each line is a datagram of RFC 5424', async (t) => {
  const server = createSocket('udp4');
  t.after(() => server.close());
  server.bind(0, '127.0.0.1');
  await once(server, 'listening');
  const received: string[] = [];
  const both = new Promise<void>((resolve) => {
    server.on('message', (bytes) => {
      received.push(bytes.toString());
      if (received.length === 2) resolve();
    });
  });
  const writer = createSyslogWriter({ protocol: 'udp', host: '127.0.0.1', port: server.address().port }, log);
  writer.write('one "line"\n');
  writer.write('another\n');
  await both;
  await writer.close();
  assert.deepEqual(
    received.map((text) => MESSAGE.exec(text)?.[1]),
    ['one "line"', 'another'],
  );
});

/** Collects what comes over TCP, and reads the counted messages in it. */
class TcpServer {
  readonly server = createServer((socket) => {
    this.sockets.add(socket);
    socket.setEncoding('utf8').on('data', (text: string) => {
      this.text += text;
    });
  });
  readonly sockets = new Set<Socket>();
  text = '';

  get lines(): string[] {
    const lines: string[] = [];
    for (let rest = this.text; ; ) {
      const [head, size] = /^(\d+) /.exec(rest) ?? [];
      if (head === undefined || rest.length < head.length + Number(size)) return lines;
      lines.push(MESSAGE.exec(rest.slice(head.length, head.length + Number(size)))![1]!);
      rest = rest.slice(head.length + Number(size));
    }
  }

  async listen(port = 0): Promise<number> {
    this.server.listen(port, '127.0.0.1');
    await once(this.server, 'listening');
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }
}

test('over TCP octets are counted, and closing sends what is left', async (t) => {
  const tcp = new TcpServer();
  const port = await tcp.listen();
  t.after(() => tcp.close());
  const writer = createSyslogWriter({ protocol: 'tcp', host: '127.0.0.1', port }, log);
  await once(tcp.server, 'connection');
  const wanted = Array.from({ length: 1000 }, (_, n) => `line ${n}`);
  for (const line of wanted) writer.write(`${line}\n`);
  await writer.close();
  const [socket] = tcp.sockets;
  if (!socket!.readableEnded) await once(socket!, 'end');
  assert.deepEqual(tcp.lines, wanted);
});

test('a server that is away is told of once, and is tried again', { timeout: 30_000 }, async (t) => {
  messages.length = 0;
  const before = new TcpServer();
  const port = await before.listen();
  await before.close();
  const writer = createSyslogWriter({ protocol: 'tcp', host: '127.0.0.1', port }, log);
  while (messages.length === 0) await new Promise((resolve) => setImmediate(resolve));
  assert.match(messages[0]!, /^log-write-failed: syslog tcp:\/\/127\.0\.0\.1:\d+: .*ECONNREFUSED/);
  for (let n = 0; n < 5; n++) writer.write(`${'x'.repeat(1_000_000)}\n`);
  const now = new TcpServer();
  await now.listen(port);
  t.after(() => now.close());
  while (now.lines.length < 4 || messages.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  await writer.close();
  assert.equal(now.lines.length, 4);
  assert.match(messages.at(-1)!, /^log-lines-lost: .*: 1 lines were lost$/);
});

test('closing does not wait for a server that is away', async () => {
  const gone = new TcpServer();
  const port = await gone.listen();
  await gone.close();
  const writer = createSyslogWriter({ protocol: 'tcp', host: '127.0.0.1', port }, log);
  writer.write('to nobody\n');
  await writer.close();
});
