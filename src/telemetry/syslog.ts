/**
 * Lines of an access log on their way to a syslog server: RFC 5424, over UDP (RFC 5426), or over TCP with counted octets
 * (RFC 6587). A server that is away or slow costs lines, which are counted and told, and nothing else.
 */
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { hostname } from 'node:os';
import type { Log } from './log.ts';
import type { LogWriter } from './log-file.ts';

export interface SyslogServer {
  readonly protocol: 'udp' | 'tcp';
  readonly host: string;
  readonly port: number;
}

/** local7 and informational, as nginx sends them. */
const PRIORITY = 23 * 8 + 6;
const FLUSH_AFTER_MS = 100;
const RETRY_AFTER_MS = 2_000;
const CLOSE_WAIT_MS = 1_000;
/** What a server that does not keep up has us keep. */
const PENDING_CHARACTERS_MAX = 4 * 1024 * 1024;
/** A datagram holds no more, and servers often take less. */
const DATAGRAM_MAX = 8_192;

/** A connection to the server. */
interface Wire {
  send(messages: readonly string[]): void;
  /** Characters that it still holds. */
  readonly held: number;
  close(done: () => void): void;
}

interface WireEvents {
  readonly ready: () => void;
  readonly failed: (why: string) => void;
}

export function createSyslogWriter(server: SyslogServer, log: Log): LogWriter {
  return new SyslogWriter(server, log);
}

class SyslogWriter implements LogWriter {
  readonly #server: SyslogServer;
  readonly #log: Log;
  readonly #origin = `${hostname().replace(/[^!-~]/g, '-') || '-'} vivarium ${process.pid} access -`;
  #wire: Wire | null = null;
  #isReady = false;
  #pending: string[] = [];
  #pendingCharacters = 0;
  #timer: NodeJS.Timeout | null = null;
  #retry: NodeJS.Timeout | null = null;
  #lost = 0;
  /** Not null once it is being closed. */
  #closed: (() => void) | null = null;

  constructor(server: SyslogServer, log: Log) {
    this.#server = server;
    this.#log = log;
    this.#connect();
  }

  write(line: string): void {
    if (this.#closed !== null) return;
    const message = `<${PRIORITY}>1 ${new Date().toISOString()} ${this.#origin} ${line.trimEnd()}`;
    if (this.#pendingCharacters + (this.#wire?.held ?? 0) + message.length > PENDING_CHARACTERS_MAX)
      return this.#lose('it does not take lines as fast as they come');
    this.#pending.push(message);
    this.#pendingCharacters += message.length;
    this.#timer ??= setTimeout(() => this.#flush(), FLUSH_AFTER_MS).unref();
  }

  /** There is no file. */
  reopen(): void {}

  /** Waits a moment for a server that is still dialled, or slow. */
  close(): Promise<void> {
    if (this.#retry !== null) clearTimeout(this.#retry);
    return new Promise((resolve) => {
      if (this.#wire === null) return resolve();
      const timer = setTimeout(resolve, CLOSE_WAIT_MS);
      this.#closed = () => {
        clearTimeout(timer);
        resolve();
      };
      if (this.#isReady) this.#conclude(this.#closed);
    });
  }

  #conclude(closed: () => void): void {
    this.#flush();
    this.#wire?.close(closed);
  }

  #flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (!this.#isReady || this.#pending.length === 0) return;
    this.#wire!.send(this.#pending);
    this.#pending = [];
    this.#pendingCharacters = 0;
    if (this.#lost > 0) this.#log.warn('log-lines-lost', `${this.#name}: ${this.#lost} lines were lost`);
    this.#lost = 0;
  }

  #connect(): void {
    const open = this.#server.protocol === 'udp' ? openUdp : openTcp;
    this.#wire = open(this.#server, {
      ready: () => {
        this.#isReady = true;
        if (this.#closed === null) this.#flush();
        else this.#conclude(this.#closed);
      },
      failed: (why) => this.#failed(why),
    });
  }

  #failed(why: string): void {
    if (this.#wire === null) return;
    if (this.#closed !== null) return this.#closed();
    this.#wire = null;
    this.#isReady = false;
    this.#lose(why, 0);
    this.#retry = setTimeout(() => this.#connect(), RETRY_AFTER_MS).unref();
  }

  /** Said once for each outage: its end tells how many lines it cost. */
  #lose(why: string, lines = 1): void {
    if (this.#lost === 0) this.#log.error('log-write-failed', `${this.#name}: ${why}; lines may be lost`);
    this.#lost += lines;
  }

  get #name(): string {
    const { protocol, host, port } = this.#server;
    return `syslog ${protocol}://${host}:${port}`;
  }
}

/** Nobody says whether datagrams arrive; that nobody listens is said by some. */
function openUdp({ host, port }: SyslogServer, { ready, failed }: WireEvents): Wire {
  const socket = createSocket({ type: host.includes(':') ? 'udp6' : 'udp4' });
  socket.on('error', (error) => {
    failed(error.message);
    socket.close();
  });
  socket.connect(port, host, ready);
  socket.unref();
  return {
    send: (messages) => {
      for (const message of messages) socket.send(Buffer.from(message).subarray(0, DATAGRAM_MAX));
    },
    held: 0,
    close: (done) => socket.close(done),
  };
}

function openTcp({ host, port }: SyslogServer, { ready, failed }: WireEvents): Wire {
  const socket = connect(port, host, ready);
  let why = 'the connection was closed';
  socket.on('error', (error) => {
    why = error.message;
  });
  socket.on('close', () => failed(why));
  // What a server says is of no interest, but has to be read.
  socket.resume();
  socket.unref();
  return {
    send: (messages) => {
      socket.write(messages.map((message) => `${Buffer.byteLength(message)} ${message}`).join(''));
    },
    get held() {
      return socket.writableLength;
    },
    close: (done) => {
      socket.once('close', done);
      socket.ref();
      socket.destroySoon();
    },
  };
}
