/**
 * The whole terminal as a screen: the alternate buffer, so that what was there comes back, keys without Enter, no
 * cursor. Control sequences are those of ECMA-48 and xterm that every terminal of today knows.
 */
import type { ReadStream, WriteStream } from 'node:tty';

export interface Screen {
  readonly size: { readonly rows: number; readonly columns: number };
  /** From the top; what was there before goes. Lines may have styles, and are cut at the edge. */
  draw(lines: readonly string[]): void;
  /** `key` as the terminal sends it: "q", or "\x03" for Ctrl-C. */
  onKey(then: (key: string) => void): void;
  onResize(then: () => void): void;
  /** As it was before. May be called again. */
  close(): void;
}

/** Alternate buffer, no cursor, no line wrapping. */
const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l';
const LEAVE = '\x1b[?7h\x1b[?25h\x1b[?1049l';
const CTRL_Z = '\x1a';
const SIZE_DEFAULT = { rows: 24, columns: 80 };

/** Null when standard input or output is no terminal. */
export function openScreen(input: ReadStream, output: WriteStream): Screen | null {
  if (!input.isTTY || !output.isTTY) return null;
  return new TerminalScreen(input, output);
}

class TerminalScreen implements Screen {
  readonly #input: ReadStream;
  readonly #output: WriteStream;
  #isOpen = false;
  #lines: readonly string[] = [];

  constructor(input: ReadStream, output: WriteStream) {
    this.#input = input;
    this.#output = output;
    this.#enter();
    // Also when something goes wrong that nobody foresaw: a terminal without echo is of no use to anybody.
    process.once('exit', this.#leave);
    input.setEncoding('utf8').on('data', (key) => {
      if (String(key) === CTRL_Z) this.#suspend();
    });
  }

  get size() {
    const { rows, columns } = this.#output;
    return { rows: rows || SIZE_DEFAULT.rows, columns: columns || SIZE_DEFAULT.columns };
  }

  draw(lines: readonly string[]): void {
    this.#lines = lines;
    if (!this.#isOpen) return;
    const text = lines.map((line) => `${line}\x1b[0m\x1b[K`).join('\r\n');
    this.#output.write(`\x1b[H${text}\x1b[J`);
  }

  onKey(then: (key: string) => void): void {
    this.#input.on('data', (key) => then(String(key)));
  }

  onResize(then: () => void): void {
    this.#output.on('resize', then);
  }

  close(): void {
    this.#leave();
    process.removeListener('exit', this.#leave);
    this.#input.removeAllListeners('data').pause();
    this.#output.removeAllListeners('resize');
  }

  #enter(): void {
    this.#isOpen = true;
    this.#input.setRawMode(true);
    this.#output.write(ENTER);
  }

  readonly #leave = (): void => {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#output.write(LEAVE);
    this.#input.setRawMode(false);
  };

  /** To the shell and back. */
  #suspend(): void {
    this.#leave();
    process.once('SIGCONT', () => {
      this.#enter();
      this.draw(this.#lines);
    });
    process.kill(process.pid, 'SIGTSTP');
  }
}
