/**
 * `X-Sendfile` and `X-Accel-Redirect`: the application decides who gets a file, and the gateway sends it. What else the
 * application says in its head is kept, its body is not. No file outside the directories that the configuration names
 * is sent, and the client never sees the field.
 */
import type { SendfileSettings } from '../../config/sections/sendfile.ts';
import type { Bytes, Exchange, FieldList } from '../../exchange.ts';
import { INTERNAL_FIELDS } from '../../fields.ts';
import { answerWithFile } from '../../files/answer-file.ts';
import type { OpenFile } from '../../files/open-file.ts';
import { FilteredExchange } from '../../filtered-exchange.ts';
import type { Middleware } from '../../handler.ts';
import type { Log } from '../../telemetry/log.ts';
import { compileDirectories, compileLocations, type Locate } from './locations.ts';

export function sendfile(settings: SendfileSettings, { log }: { readonly log: Log }): Middleware {
  const named = {
    'x-sendfile': compileDirectories(settings),
    'x-accel-redirect': compileLocations(settings),
  };
  return (next) => (exchange) => next(new SendfileExchange(exchange, named, log));
}

type Named = Readonly<Record<'x-sendfile' | 'x-accel-redirect', Locate>>;

class SendfileExchange extends FilteredExchange {
  readonly #named: Named;
  readonly #log: Log;
  /** The answer is a file: what the application sends as its body is for nobody. */
  #isTaken = false;
  #isGone = false;

  constructor(inner: Exchange, named: Named, log: Log) {
    super(inner);
    this.#named = named;
    this.#log = log;
  }

  override respond(status: number, fields: FieldList, body: Bytes, reason?: string): void {
    if (!this.#take(status, fields)) this.inner.respond(status, fields, body, reason);
  }

  override start(status: number, fields: FieldList, reason?: string): void {
    if (!this.#take(status, fields)) this.inner.start(status, fields, reason);
  }

  protected override get passesBodies(): boolean {
    return !this.#isTaken;
  }

  override write(chunk: Bytes): boolean {
    return this.#isTaken || this.inner.write(chunk);
  }

  override end(trailers?: FieldList): void {
    if (!this.#isTaken) this.inner.end(trailers);
  }

  override abort(status: number, why: string): void {
    if (!this.#isTaken) this.inner.abort(status, why);
  }

  /** What the handler would hear is of the file that is sent now. */
  override set onDrain(callback: (() => void) | null) {
    if (!this.#isTaken) this.inner.onDrain = callback;
  }

  override get onDrain(): (() => void) | null {
    return this.#isTaken ? null : this.inner.onDrain;
  }

  #take(status: number, fields: FieldList): boolean {
    const at = status === 204 || status === 304 ? -1 : namingField(fields);
    if (at < 0) return false;
    this.#isTaken = true;
    this.#listenForGone();
    const [name, value] = [fields[at]!.toLowerCase() as keyof Named, fields[at + 1]!];
    const located = this.#named[name](value);
    if (located === null) {
      this.#refuse(`${name}: ${value}: it is in nothing that sendfile allows`);
      return true;
    }
    const { tree, path } = located;
    tree.open(path).then(
      (file) => this.#send(status, fields, file, path),
      (error: Error) => this.#refuse(`${name}: ${value}: ${error.message}`),
    );
    return true;
  }

  #listenForGone(): void {
    const { onGone } = this.inner;
    this.inner.onGone = () => {
      this.#isGone = true;
      onGone?.();
    };
  }

  #send(status: number, fields: FieldList, file: OpenFile, name: string): void {
    if (this.#isGone) return file.release();
    try {
      const kept = withoutInternal(fields);
      answerWithFile(this.inner, status, kept, { file, name, offset: 0, sizeBytes: file.stats.size });
    } catch (error) {
      this.#log.warn(
        'invalid-response',
        `[request ${this.id}] the application's response has ${(error as Error).message}`,
      );
      this.inner.abort(500, 'The application gave an invalid response.');
    }
  }

  #refuse(why: string): void {
    this.#log.error('sendfile-failed', `[request ${this.id}] ${why}`);
    if (!this.#isGone) this.inner.abort(404, 'There is no such file.');
  }
}

/** The index of the first field that names a file; -1: none does. Their lengths spare most fields a closer look. */
function namingField(fields: FieldList): number {
  for (let i = 0; i < fields.length; i += 2) {
    const { length } = fields[i]!;
    if (length !== 10 && length !== 16) continue;
    const lower = fields[i]!.toLowerCase();
    if (lower === 'x-sendfile' || lower === 'x-accel-redirect') return i;
  }
  return -1;
}

function withoutInternal(fields: FieldList): FieldList {
  return fields.filter((_, i) => !INTERNAL_FIELDS.has(fields[i - (i % 2)]!.toLowerCase()));
}
