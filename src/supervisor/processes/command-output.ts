/** What a command prints goes into the error log: what comes at once is one message. The last line explains its end. */
import type { Readable } from 'node:stream';
import type { Log } from '../../telemetry/log.ts';

/** A longer line is several. */
const LINE_MAX = 8192;
const LAST_WORDS_MAX = 300;

export class CommandOutput {
  readonly #log: Log;
  readonly #ended: Promise<unknown>;
  #lastWords = '';

  constructor(stdout: Readable, stderr: Readable, log: Log) {
    this.#log = log;
    this.#ended = Promise.all([
      this.#read(stdout, (text) => log.info('stdout', text)),
      this.#read(stderr, (text) => this.#onError(text)),
    ]);
  }

  /** The last line that it wrote to standard error; '' when there is none. */
  get lastWords(): string {
    return this.#lastWords;
  }

  /** Resolves when everything is read. Whoever has left the group of its processes may keep it from that. */
  get ended(): Promise<unknown> {
    return this.#ended;
  }

  #onError(text: string): void {
    this.#lastWords = text
      .slice(text.lastIndexOf('\n') + 1)
      .trim()
      .slice(0, LAST_WORDS_MAX);
    this.#log.error('stderr', text);
  }

  #read(stream: Readable, emit: (text: string) => void): Promise<void> {
    let rest = '';
    const emitText = (text: string) => {
      if (text.trim() !== '') emit(text.trimEnd());
    };
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => {
      const whole = rest + text;
      const end = whole.lastIndexOf('\n') + 1;
      emitText(whole.slice(0, end));
      rest = whole.slice(end);
      for (; rest.length >= LINE_MAX; rest = rest.slice(LINE_MAX)) emitText(rest.slice(0, LINE_MAX));
    });
    return new Promise((resolve) => {
      stream.on('error', () => {});
      stream.on('close', () => {
        emitText(rest);
        resolve();
      });
    });
  }
}
