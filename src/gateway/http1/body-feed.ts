/**
 * The body of a request on an HTTP/1.1 connection, handed on while it arrives: takes it from the parser when somebody
 * asks for it, and holds the client up meanwhile.
 */
import type { Socket } from 'node:net';
import { BodyError } from '../../body-error.ts';
import type { HttpSettings } from '../../config/configuration.ts';
import type { FieldList } from '../../exchange.ts';
import type { RequestFields } from '../../fields.ts';
import { CHUNKED } from '../../protocols/http1/framing.ts';
import type { RequestHead } from '../../protocols/http1/request-head.ts';
import type { RequestParser } from '../../protocols/http1/request-parser.ts';
import { checkPace } from '../body-deadline.ts';
import type { ListenerContext } from '../listener-context.ts';
import { type BodySource, StreamedBody } from '../streamed-body.ts';

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';

export class BodyFeed implements BodySource {
  readonly #socket: Socket;
  readonly #parser: RequestParser;
  readonly #settings: HttpSettings;
  readonly body: StreamedBody;
  #isFeeding = false;
  #awaitsContinue: boolean;
  /** The parser has come to the end of the body. */
  isDone = false;

  constructor(socket: Socket, parser: RequestParser, context: ListenerContext, head: RequestHead) {
    const { bodyLength, expectContinue } = head.block;
    const size = bodyLength === CHUNKED ? -1 : bodyLength;
    this.#socket = socket;
    this.#parser = parser;
    this.#settings = context.settings;
    this.body = new StreamedBody(this, size, context.settings.limitRequestBody, context.bodySpool);
    this.#awaitsContinue = expectContinue && parser.pending === 0;
    this.body.isAwaited = this.#awaitsContinue;
  }

  wanted(): void {
    if (this.#isFeeding) return;
    if (this.#awaitsContinue) this.#socket.write(CONTINUE, 'latin1');
    this.#awaitsContinue = false;
    this.arrived();
  }

  /** There may be more in the parser. */
  arrived(): void {
    if (this.#isFeeding) return;
    this.#isFeeding = true;
    while (this.body.isWanted && !this.isDone && this.#feed());
    this.#isFeeding = false;
  }

  /** Once a second: a client that sends too slowly holds up more than itself. */
  check(now: number): void {
    checkPace(this.body, this.#settings, now);
  }

  /** False: nothing more to do now. */
  #feed(): boolean {
    const parser = this.#parser;
    switch (parser.next()) {
      case 'data':
        this.body.push(parser.data);
        return true;
      case 'end':
        this.isDone = true;
        // Its last bytes may have been too many for a reader that was slow. Nobody else resumes for the next request.
        this.#resume();
        this.body.end(parser.trailers === null ? null : listOf(parser.trailers));
        return false;
      case 'refused':
        this.body.fail(new BodyError(parser.refusal!.status, parser.refusal!.why));
        return false;
      default:
        this.body.waits(performance.now());
        this.#resume();
        return false;
    }
  }

  #resume(): void {
    if (this.#socket.isPaused()) this.#socket.resume();
  }
}

function listOf({ names, values }: RequestFields): FieldList {
  return names.flatMap(({ raw }, i) => [raw, values[i]!]);
}
