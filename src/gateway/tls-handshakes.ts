/**
 * The handshakes of a listener: from an accepted connection to one that speaks TLS. The first bytes are read here
 * (tls/client-hello.ts): they choose the certificate, and who does not speak TLS at all gets an answer in plain HTTP.
 *
 *   waiting for the hello ─ hello → TLS handshake ─ done → the listener's connection
 *            │ plain HTTP → 400              │ fails, or takes too long → closed
 */
import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { TlsSettings } from '../config/tls-settings.ts';
import type { Log } from '../telemetry/log.ts';
import { readClientHello } from '../tls/client-hello.ts';
import { ACME_PROTOCOL, type Credential, type Credentials } from '../tls/credentials.ts';

export interface HandshakeContext {
  readonly settings: TlsSettings;
  readonly credentials: Credentials;
  readonly log: Log;
  /** What is spoken inside of TLS, best first. */
  readonly protocols: readonly string[];
}

const PLAIN_TEXT = 'The plain HTTP request was sent to an HTTPS port.\n';
const PLAIN_REFUSAL =
  'HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n' +
  `Content-Length: ${PLAIN_TEXT.length}\r\n\r\n${PLAIN_TEXT}`;
/** How long a client that was refused may take to notice. */
const LINGER_MS = 1_000;
/** Alert records: fatal unrecognized_name (RFC 6066, section 3) and fatal decode_error. */
const UNRECOGNIZED_NAME = Buffer.from([21, 3, 1, 0, 2, 2, 112]);
const DECODE_ERROR = Buffer.from([21, 3, 1, 0, 2, 2, 50]);

interface Greeting {
  /** What has come of the hello. */
  bytes: Buffer;
  readonly deadline: number;
}

export class TlsHandshakes {
  readonly #context: HandshakeContext;
  readonly #secured: (socket: TLSSocket) => void;
  readonly #ended: () => void;
  /** Clients whose hello is not there yet. */
  readonly #greetings = new Map<Socket, Greeting>();
  /** Handshakes that the TLS library has in hand. It ends those that take too long itself. */
  #underWay = 0;
  /** The TLS library's end of each credential. It never listens itself. */
  readonly #servers = new WeakMap<Credential, Server>();

  /** `secured`: a connection is ready. `ended`: after a handshake has come to an end, whichever. */
  constructor(context: HandshakeContext, secured: (socket: TLSSocket) => void, ended: () => void) {
    this.#context = context;
    this.#secured = secured;
    this.#ended = ended;
  }

  get size(): number {
    return this.#greetings.size + this.#underWay;
  }

  get isFull(): boolean {
    return this.size >= this.#context.settings.handshakesMax;
  }

  accept(socket: Socket, now: number): void {
    const deadline = now + this.#context.settings.handshakeTimeoutMs;
    this.#greetings.set(socket, { bytes: Buffer.alloc(0), deadline });
    const onData = (chunk: Buffer) => {
      if (this.#onBytes(socket, chunk) === 'incomplete') return;
      socket.off('data', onData);
      this.#leave(socket);
    };
    socket.on('data', onData);
    socket.on('end', () => {
      // Who leaves before the hello has nothing to wait for. Later the TLS library looks after that.
      if (this.#greetings.has(socket)) socket.destroy();
    });
    socket.on('error', ignore);
    socket.on('close', () => this.#leave(socket));
  }

  /** Once a second. */
  check(now: number): void {
    for (const [socket, { deadline }] of this.#greetings) {
      if (now >= deadline) socket.destroy();
    }
  }

  /** Those that have not said anything are let go; handshakes that have begun may end. */
  drain(): void {
    for (const [socket, { bytes }] of this.#greetings) if (bytes.length === 0) socket.destroy();
  }

  cut(): void {
    for (const socket of this.#greetings.keys()) socket.destroy();
  }

  #leave(socket: Socket): void {
    if (this.#greetings.delete(socket)) this.#ended();
  }

  #onBytes(socket: Socket, chunk: Buffer): 'incomplete' | 'done' {
    const greeting = this.#greetings.get(socket)!;
    greeting.bytes = greeting.bytes.length === 0 ? chunk : Buffer.concat([greeting.bytes, chunk]);
    const hello = readClientHello(greeting.bytes);
    if (hello === 'incomplete') return hello;
    if (hello === 'plain') refuse(socket, PLAIN_REFUSAL);
    else if (hello === 'malformed') refuse(socket, DECODE_ERROR);
    else {
      const credential = this.#context.credentials.choose(hello);
      if (credential === null) refuse(socket, UNRECOGNIZED_NAME);
      else this.#begin(socket, greeting.bytes, credential);
    }
    return 'done';
  }

  #begin(socket: Socket, hello: Buffer, credential: Credential): void {
    this.#underWay++;
    socket.pause();
    // The TLS library begins with what is there to be read.
    socket.unshift(hello);
    this.#serverFor(credential).emit('connection', socket);
  }

  #serverFor(credential: Credential): Server {
    const known = this.#servers.get(credential);
    if (known !== undefined) return known;
    const ALPNProtocols = [...this.#context.protocols];
    const server = createServer({ ALPNProtocols, ...credential.options });
    server.on('secureConnection', (socket) => {
      this.#underWay--;
      // The certificate was all that the ACME server wanted to see.
      if (socket.alpnProtocol === ACME_PROTOCOL) socket.end(() => socket.destroy());
      else this.#secured(socket);
      this.#ended();
    });
    server.on('tlsClientError', (error, socket) => {
      this.#underWay--;
      socket.destroy();
      this.#context.log.debug('handshake-failed', error.message);
      this.#ended();
    });
    this.#servers.set(credential, server);
    return server;
  }
}

/** Says why, and closes. What the client still sends is thrown away for a while, so that it gets the answer. */
function refuse(socket: Socket, answer: string | Buffer): void {
  socket.end(answer);
  socket.on('data', ignore);
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}

/** 'close' follows and says all there is to say. */
function ignore(): void {}
