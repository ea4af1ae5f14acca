/**
 * A connection of a gateway protocol: a web server in front of us, the decoder of its protocol, and the requests on it.
 * Most protocols have one at a time; FastCGI may have several.
 *
 *   idle ─ bytes → head ─ variables complete → busy ─ last answer sent → idle      (AJP, FastCGI)
 *                                               any of them ─ to be closed → lingering → closed
 *
 * Deadlines are numbers that the listener looks at once a second, so a waiting connection costs no timer.
 */
import type { Socket } from 'node:net';
import type { Bytes, Outcome } from '../../exchange.ts';
import type { GatewayServer, RequestDecoder, RequestEvent } from '../../protocols/gateway-protocol.ts';
import { Refusal } from '../../protocols/http1/refusal.ts';
import type { Connection } from '../connection.ts';
import { earnedDeadline } from '../http1/deadlines.ts';
import { giveUp } from '../http1/give-up.ts';
import { reset } from '../http1/reset.ts';
import { writeBoth } from '../http1/write-both.ts';
import type { ListenerContext } from '../listener-context.ts';
import type { Peer } from '../peer.ts';
import { PromptSocket } from './prompt-socket.ts';
import { GatewayStream, type StreamConnection } from './stream.ts';

/** Bytes that may wait in the decoder while nobody asks for them. */
const PENDING_MAX = 65_536;
/** How long the front may take to notice that we have closed, while what it still sends is thrown away. */
const LINGER_MS = 5_000;
/** After these the front has to take answers first. Not while a body arrives: it may send all of it before it looks. */
const CONCLUDING: ReadonlySet<RequestEvent> = new Set<RequestEvent>(['end', 'abort', 'reply', 'refused']);

export class GatewayConnection implements Connection, StreamConnection {
  readonly #socket: Socket | PromptSocket;
  readonly context: ListenerContext;
  readonly peer: Peer;
  readonly #protocol: GatewayServer;
  readonly #decoder: RequestDecoder;
  readonly #streams = new Map<number, GatewayStream>();
  #phase: 'idle' | 'head' | 'busy' | 'lingering' = 'idle';
  /** performance.now() of the moment the present phase began, and of its end if nothing happens. */
  #since: number;
  #deadline: number;
  #headBytes = 0;
  #isAdvancing = false;
  #inputEnded = false;
  #writableBefore = 0;
  #isLast = false;
  /** Answers wait for the front to take them: nothing more is asked of us until then. */
  #isFull = false;
  /** The request that was answered last has been read to its end. */
  #isReadWhole = false;

  constructor(socket: Socket | PromptSocket, peer: Peer, context: ListenerContext, now: number) {
    this.#socket = socket;
    this.context = context;
    this.peer = peer;
    this.#protocol = context.gateway!.protocol;
    this.#decoder = this.#protocol.requestDecoder(context.settings);
    this.#since = now;
    this.#deadline = now + context.settings.headerTimeoutMs;
  }

  get socket(): Socket {
    return this.#socket instanceof PromptSocket ? this.#socket.open() : this.#socket;
  }

  get mayKeepAlive(): boolean {
    return !this.#isLast && this.#decoder.keepsConnection;
  }

  get idleSince(): number | null {
    return this.#phase === 'idle' ? this.#since : null;
  }

  /** Its only request is there: nothing more is to come of the front. */
  get isHeard(): boolean {
    if (this.#phase !== 'busy' || this.#decoder.keepsConnection || this.#decoder.pending > 0) return false;
    for (const stream of this.#streams.values()) if (!stream.isWhole) return false;
    return true;
  }

  // Events of the socket

  onData(chunk: Buffer): void {
    if (this.#phase === 'lingering') return;
    this.#decoder.push(chunk);
    this.#headBytes += chunk.length;
    if (this.#phase === 'idle') this.#enter('head', this.context.settings.headerTimeoutMs);
    this.#advance();
    if (this.#isHolding && this.#decoder.pending > PENDING_MAX) this.#socket.pause();
  }

  /** A front that has closed its half has gone, or looks like one that has. */
  onEnd(): void {
    this.#inputEnded = true;
    this.#isLast = true;
    const isCut = [...this.#streams.values()].some(
      ({ exchange }) => exchange !== null && exchange.status !== 0,
    );
    this.#gone('client-gone');
    if (isCut) reset(this.socket);
    else this.#socket.destroySoon();
  }

  onDrain(): void {
    if (this.#isFull) {
      this.#isFull = false;
      this.#resume();
      this.#advance();
    }
    for (const { exchange } of this.#streams.values()) exchange?.onDrain?.();
  }

  onClose(): void {
    this.#gone('client-gone');
  }

  /** Once a second. */
  check(now: number): void {
    if (this.#socket.writableLength > 0) return this.#checkWriting(now);
    this.#writableBefore = 0;
    // While we cannot take more, the front is not to blame.
    if (this.#phase === 'busy') {
      if (!this.#socket.isPaused()) for (const stream of this.#streams.values()) stream.check(now);
      return;
    }
    const { settings } = this.context;
    const phase = this.#phase;
    if (now < earnedDeadline(settings, phase, this.#since, this.#deadline, this.#headBytes)) return;
    if (phase === 'head')
      this.#refuseAll(new Refusal(408, 'the request head took longer than header-timeout'));
    else this.#socket.destroy();
  }

  drain(lingers: boolean): void {
    this.#isLast = true;
    if (this.#phase === 'idle' && !lingers) this.#socket.destroySoon();
  }

  cut(): void {
    this.#isLast = true;
    for (const { exchange } of this.#streams.values())
      if (exchange !== null) giveUp(exchange, this.context.log);
    this.#socket.destroySoon();
  }

  // Requests

  /** BodySource: somebody asks for the next bytes of a body. */
  wanted(): void {
    this.#advance();
  }

  get #isHolding(): boolean {
    if (this.#isFull) return true;
    for (const stream of this.#streams.values()) if (stream.isHolding) return true;
    return false;
  }

  #advance(): void {
    // Handlers may answer, and ask for more of a body, within this call; the loop goes on with it.
    if (this.#isAdvancing) return;
    this.#isAdvancing = true;
    while (this.#phase !== 'lingering' && !this.#isHolding && this.#step());
    this.#isAdvancing = false;
  }

  /** One event of the decoder. False: there is nothing more to do now. */
  #step(): boolean {
    const event = this.#decoder.next();
    const goesOn = this.#act(event);
    if (CONCLUDING.has(event)) this.#isFull = this.#socket.writableNeedDrain;
    return goesOn;
  }

  #act(event: RequestEvent): boolean {
    const decoder = this.#decoder;
    switch (event) {
      case 'need-data':
        this.#wait();
        return false;
      case 'request':
        this.#begin(decoder.id);
        return true;
      case 'data':
        return this.#onBody(decoder.id, decoder.data);
      case 'end':
        this.#streams.get(decoder.id)?.ended();
        // Its last bytes may have been one too many to be taken at once. Nobody else will resume.
        this.#resume();
        return true;
      case 'abort':
        this.#abort(decoder.id);
        return true;
      case 'reply':
        this.send([decoder.reply]);
        if (this.#streams.size === 0) this.#afterStream();
        return true;
      case 'refused':
        this.#open(decoder.id, false).refuse(decoder.fault!);
        return true;
      case 'broken':
        this.#refuseAll(decoder.fault!);
        return false;
    }
  }

  #begin(id: number): void {
    // Its number is free again when it is answered; two at once could not be told apart.
    if (this.#streams.has(id)) return this.#cutOff();
    const stream = this.#open(id, true);
    // Of several at once the others do not wait for the pace at which the body of one is read.
    stream.begin(this.context.streamsBodies && this.#streams.size === 1);
  }

  #onBody(id: number, data: Buffer): boolean {
    const stream = this.#streams.get(id);
    if (stream === undefined || stream.arrived(data, () => this.#resume())) return true;
    this.#socket.pause();
    return true;
  }

  #resume(): void {
    if (this.#socket.isPaused()) this.#socket.resume();
  }

  #abort(id: number): void {
    const stream = this.#streams.get(id);
    if (stream === undefined) return;
    this.#streams.delete(id);
    stream.gone('client-gone');
    this.send([stream.encoder.end(this.mayKeepAlive)]);
    this.#afterStream();
  }

  #wait(): void {
    const arriving = [...this.#streams.values()].find(({ isArriving }) => isArriving);
    if (arriving === undefined) return;
    arriving.waits(performance.now());
    const question = this.#decoder.wantsBody?.() ?? '';
    if (question.length > 0) this.send([question]);
    this.#resume();
  }

  /** Nothing more can be understood: what is not here whole will never be. */
  #refuseAll(refusal: Refusal): void {
    this.#isLast = true;
    if (this.#streams.size === 0) this.#open(this.#decoder.id, false);
    for (const stream of [...this.#streams.values()]) if (!stream.isWhole) stream.refuse(refusal);
  }

  #open(id: number, isTold: boolean): GatewayStream {
    const encoder = this.#protocol.responseEncoder(id, this.context.settings);
    const began = this.#phase === 'head' ? this.#since : performance.now();
    const told = isTold ? this.#decoder.request : null;
    const stream = new GatewayStream(this, id, encoder, told, began);
    this.#streams.set(id, stream);
    this.#phase = 'busy';
    return stream;
  }

  // What streams call

  send(parts: readonly Bytes[]): boolean {
    const socket = this.#socket;
    const [first, second] = parts;
    if (parts.length === 2 && typeof first === 'string') return writeBoth(socket, first, second!);
    if (parts.every((part) => typeof part === 'string')) return socket.write(parts.join(''), 'latin1');
    if (parts.length > 1) socket.cork();
    let hasRoom = true;
    for (const part of parts)
      hasRoom = typeof part === 'string' ? socket.write(part, 'latin1') : socket.write(part);
    if (parts.length > 1) socket.uncork();
    return hasRoom;
  }

  streamEnded(stream: GatewayStream, cut: boolean): void {
    if (this.#streams.get(stream.id) === stream) this.#streams.delete(stream.id);
    if (!stream.mayKeepAlive) this.#isLast = true;
    this.#isReadWhole = stream.isWhole;
    if (this.#socket.destroyed) return;
    if (!cut) return this.#afterStream();
    this.#gone('aborted');
    // Without frames only a reset tells the front that the answer is not whole.
    if (stream.encoder.isRaw) reset(this.socket);
    else this.#socket.destroySoon();
  }

  #afterStream(): void {
    if (this.#streams.size > 0) return;
    if (!this.mayKeepAlive) return this.#close();
    this.#enter('idle', this.context.settings.keepAliveTimeoutMs);
    if (this.#decoder.pending > 0) this.#enter('head', this.context.settings.headerTimeoutMs);
    this.#resume();
    this.#advance();
  }

  // Ending

  /** Sends what is to be sent, then closes. Unread input would turn our close into a reset that takes the answer with it. */
  #close(): void {
    if (this.#inputEnded) return this.#socket.destroySoon();
    this.#enter('lingering', LINGER_MS);
    // Nothing is left to be lost: what was written is in the kernel.
    if (this.#isFrontDone && this.#socket.writableLength === 0) return void this.#socket.destroy();
    this.#socket.end();
    this.#socket.resume();
  }

  /** The front has said that it will send nothing more, and what it has sent is read. */
  get #isFrontDone(): boolean {
    return this.#isReadWhole && !this.#decoder.keepsConnection && this.#decoder.pending === 0;
  }

  #cutOff(): void {
    this.#gone('aborted');
    this.#socket.destroy();
  }

  #gone(outcome: Outcome): void {
    const streams = [...this.#streams.values()];
    this.#streams.clear();
    for (const stream of streams) stream.gone(outcome);
  }

  // Deadlines

  #enter(phase: 'idle' | 'head' | 'lingering', timeoutMs: number): void {
    this.#phase = phase;
    this.#since = performance.now();
    this.#deadline = this.#since + timeoutMs;
    this.#headBytes = 0;
  }

  #checkWriting(now: number): void {
    const { writableLength } = this.#socket;
    if (writableLength !== this.#writableBefore) {
      this.#writableBefore = writableLength;
      this.#deadline = now + this.context.settings.responseSocketTimeoutMs;
    } else if (now >= this.#deadline) {
      this.#gone('timed-out');
      this.#socket.destroy();
    }
  }
}
