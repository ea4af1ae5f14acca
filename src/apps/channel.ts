/**
 * A channel to one thread of a worker: requests go out in batches, one write a turn of the event loop, and answers
 * come back in the order of the requests. The twin of python/vivarium/channel.py.
 */
import type { Socket } from 'node:net';
import type { OpenFile } from '../files/open-file.ts';
import { FrameDecoder } from '../protocols/worker/frame-decoder.ts';
import { frame, frameHeader, isAfter, Kind } from '../protocols/worker/frames.ts';
import { decodeLentFile, type LentFile } from '../protocols/worker/lent-file.ts';
import { requestFrame, requestText, type Shapes } from '../protocols/worker/request.ts';
import { decodeResponseHead } from '../protocols/worker/response.ts';
import { timesFrame } from '../protocols/worker/times.ts';
import { decodeTimings, type Timings } from '../protocols/worker/timings.ts';
import type { Assignment } from './assignment.ts';
import type { Schedulable } from './scheduler.ts';

/** Largest frame other than `data`: a head and a small body. */
const FRAME_MAX = 1_048_576;

/** What a channel tells its owner, the worker. */
export interface ChannelOwner {
  load: number;
  /** It is told when the gateway got each request. */
  readonly wantsTimes: boolean;
  readonly name: string;
  /** The channel wants `flush` to be called at the end of this turn. */
  needsFlush(channel: Channel): void;
  /** Answers have come: `count` of them. */
  answered(channel: Channel, count: number): void;
  /** The worker has measured a batch. */
  measured(timings: Timings): void;
  /** These will not be run here. */
  returned(assignments: readonly Assignment[]): void;
  /** Opens a file that it lends. */
  openLent(lent: LentFile): Promise<OpenFile>;
  broken(why: string): void;
  lost(channel: Channel): void;
}

export class Channel implements Schedulable {
  readonly worker: ChannelOwner;
  readonly index: number;
  readonly #socket: Socket;
  readonly #introductionBytes: number;
  readonly #shapes: Shapes;
  readonly #decoder = new FrameDecoder(FRAME_MAX);
  /** Given and not answered, oldest first: the worker answers in this order. */
  #inFlight: Assignment[] = [];
  #nextId: number;
  #outgoing = '';
  #knownShapes = new Set<number>();
  #epoch: number;
  /** performance.now() when the oldest request in flight began to run, as far as we can tell. */
  headSince = 0;
  stuck = false;
  /** Requests answered on this connection. */
  answered = 0;
  /** The last request that was asked back. */
  recalledThrough: number | null = null;
  /** A request that is probably slow: nothing is queued behind it. */
  reservedFor: Assignment | null = null;
  /** Its first request does not end, see Worker.giveUp. */
  isGivenUp = false;
  /** A body is being sent: nothing may come between its frames. */
  uploading = false;
  /** The assignment whose answer was begun by a `head` frame. */
  #streaming: Assignment | null = null;

  constructor(worker: ChannelOwner, index: number, socket: Socket, shapes: Shapes, firstId: number) {
    this.worker = worker;
    this.index = index;
    this.#socket = socket;
    this.#introductionBytes = socket.bytesRead;
    this.#shapes = shapes;
    this.#epoch = shapes.epoch;
    this.#nextId = firstId;
    socket.on('data', (chunk: Buffer) => this.#onData(chunk));
    socket.on('drain', () => this.onDrain?.());
    socket.on('error', () => {});
    socket.on('close', () => this.worker.lost(this));
  }

  /** Room for more of a body. */
  onDrain: (() => void) | null = null;

  get load(): number {
    return this.#inFlight.length;
  }

  get closed(): boolean {
    return this.stuck || this.uploading || this.reservedFor !== null;
  }

  /** Sends a request at the end of this turn. `body`: inline; `follows`: it comes by `sendBody`. */
  send(assignment: Assignment, body: string | null, follows: boolean): void {
    const { fields, environ } = assignment;
    const encoded = environ === null ? this.#shapes.encode(fields) : this.#shapes.encodeWith(fields, environ);
    if (this.#epoch !== this.#shapes.epoch) {
      this.#epoch = this.#shapes.epoch;
      this.#knownShapes.clear();
    }
    const { shape } = encoded;
    let definition = '';
    if (!this.#knownShapes.has(shape.number)) {
      this.#knownShapes.add(shape.number);
      definition = shape.definition;
    }
    const id = this.#nextId;
    this.#nextId = (id + 1) >>> 0;
    assignment.given(this, id);
    if (this.worker.wantsTimes)
      definition += timesFrame(id, assignment.exchange.startedAtMs, assignment.queuedAtMs);
    if (this.#inFlight.length === 0) this.headSince = performance.now();
    this.#inFlight.push(assignment);
    this.worker.load++;
    this.uploading = follows;
    if (this.#outgoing === '') this.worker.needsFlush(this);
    this.#outgoing +=
      definition + requestFrame(id, shape.number, requestText(assignment, encoded), body, follows);
  }

  flush(): void {
    if (this.#outgoing === '') return;
    this.#socket.write(this.#outgoing, 'latin1');
    this.#outgoing = '';
  }

  /** A piece of the body of the request sent last. False: hold the next until `onDrain`. */
  sendBody(id: number, chunk: Uint8Array): boolean {
    this.#outgoing += frameHeader(Kind.requestData, id, chunk.length);
    this.flush();
    return this.#socket.write(chunk);
  }

  /** `cut`: why the rest does not come; '' when the body is whole. */
  endBody(id: number, cut: string): void {
    this.uploading = false;
    if (this.#outgoing === '') this.worker.needsFlush(this);
    this.#outgoing += frame(Kind.requestEnd, id, cut);
  }

  /** Back-pressure: the worker is not read while its answer cannot be stored. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(): void {
    this.#socket.destroy();
  }

  /** The id of the last request sent. */
  get lastId(): number {
    return (this.#nextId - 1) >>> 0;
  }

  /** Takes back the requests after `started` up to `through`: the worker has said that it will not run them. */
  takeUnstarted(started: number, through: number): Assignment[] {
    const isTaken = (a: Assignment) => isAfter(a.channelId, started) && !isAfter(a.channelId, through);
    const taken = this.#inFlight.filter(isTaken);
    this.#inFlight = this.#inFlight.filter((assignment) => !isTaken(assignment));
    this.worker.load -= taken.length;
    return taken;
  }

  /** The oldest request in flight; null when there is none. */
  get first(): Assignment | null {
    return this.#inFlight[0] ?? null;
  }

  /** Given and not answered, oldest first. */
  get inFlight(): readonly Assignment[] {
    return this.#inFlight;
  }

  /** Bytes of its answers so far, with what frames them. */
  get bytesRead(): number {
    return this.#socket.bytesRead - this.#introductionBytes;
  }

  /** What the oldest request in flight is at, as far as we can tell. */
  get phase(): 'running' | 'reading its body' | 'writing its answer' {
    if (this.uploading) return 'reading its body';
    return this.#streaming === null ? 'running' : 'writing its answer';
  }

  /** All that is in flight, when the channel is lost. */
  takeAll(): Assignment[] {
    const taken = this.#inFlight;
    this.#inFlight = [];
    this.worker.load -= taken.length;
    return taken;
  }

  #onData(chunk: Buffer): void {
    const decoder = this.#decoder;
    decoder.push(chunk);
    let answered = 0;
    while (decoder.next()) {
      if (decoder.kind === Kind.timings) {
        if (!this.#measured()) return this.worker.broken('malformed timings');
        continue;
      }
      if (this.#inFlight[0]?.channelId !== decoder.id) this.#passOver(decoder.id);
      const assignment = this.#inFlight[0];
      if (assignment === undefined || assignment.channelId !== decoder.id) {
        const expected = assignment === undefined ? 'it has none' : `its oldest is ${assignment.channelId}`;
        return this.worker.broken(`a frame of kind ${decoder.kind} for request ${decoder.id}; ${expected}`);
      }
      const violation = this.#handle(assignment);
      if (violation !== null) return this.worker.broken(violation);
      if (this.#inFlight[0] !== assignment) answered++;
    }
    if (decoder.violation !== null) return this.worker.broken(decoder.violation);
    if (answered > 0) this.#onAnswered(answered);
  }

  #onAnswered(count: number): void {
    this.headSince = performance.now();
    this.stuck = false;
    this.isGivenUp = false;
    this.worker.answered(this, count);
  }

  /**
   * The worker tells on its control connection what it will not run. The answer to a later request may overtake that:
   * then those before it that were recalled are taken back now.
   */
  #passOver(id: number): void {
    const through = this.recalledThrough;
    const { first } = this;
    if (through === null || first === null || this.#streaming !== null || !isAfter(id, first.channelId))
      return;
    const last = isAfter(id, through) ? through : (id - 1) >>> 0;
    this.worker.returned(this.takeUnstarted((first.channelId - 1) >>> 0, last));
  }

  #measured(): boolean {
    const { buffer, start, end } = this.#decoder;
    const timings = decodeTimings(buffer, start, end);
    if (timings !== null) this.worker.measured(timings);
    return timings !== null;
  }

  /** One frame. Returns what is wrong with it, or null. */
  #handle(assignment: Assignment): string | null {
    const { kind, buffer, start, end } = this.#decoder;
    switch (kind) {
      case Kind.response: {
        if (this.#streaming !== null) return 'a second head for one request';
        this.#done();
        const head = decodeResponseHead(buffer, start, end);
        if (typeof head === 'string') assignment.invalid(head);
        else assignment.respond(head, buffer, end);
        return null;
      }
      case Kind.head: {
        if (this.#streaming !== null) return 'a second head for one request';
        this.#streaming = assignment;
        const head = decodeResponseHead(buffer, start, end);
        if (typeof head === 'string') assignment.invalid(head);
        else assignment.start(head);
        return null;
      }
      case Kind.file: {
        if (this.#streaming !== null) return 'a second head for one request';
        this.#streaming = assignment;
        const lent = decodeLentFile(buffer, start, end);
        if (lent === null) return 'a malformed answer with a file';
        assignment.file(decodeResponseHead(buffer, start, end), lent);
        return null;
      }
      case Kind.data:
        if (this.#streaming === null) return 'a body without a head';
        assignment.data(buffer.subarray(start, end));
        return null;
      case Kind.end:
        if (this.#streaming === null) return 'the end of a body without a head';
        this.#done();
        assignment.end();
        return null;
      case Kind.fail:
        this.#done();
        assignment.failed(buffer.utf8Slice(start, end));
        return null;
      default:
        return `a frame of the unknown kind ${kind}`;
    }
  }

  #done(): void {
    this.#inFlight.shift();
    this.answered++;
    this.#streaming = null;
    this.worker.load--;
  }
}
