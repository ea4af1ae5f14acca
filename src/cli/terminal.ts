/** What a command says to a person: results on standard output, everything else on standard error. */
import { writeSync } from 'node:fs';
import { isPlain } from '../base/color.ts';
import { readFirstLine, readSecret } from './secret.ts';
import { openScreen, type Screen } from './top/screen.ts';

export interface Terminal {
  readonly columns: number;
  /** Standard output shows colours: it is a terminal, and NO_COLOR (no-color.org) is not set. */
  readonly hasColor: boolean;
  /** Nobody reads standard output any more. */
  readonly gone: AbortSignal;
  /** The result of a command. */
  print(text: string): void;
  /** Null when there is no terminal. */
  openScreen(): Screen | null;
  /** Without echo; null when there is no terminal, or whoever sits at it broke off. */
  readSecret(prompt: string): Promise<string | null>;
  /** Of standard input. */
  readFirstLine(): string;
  /** Messages, so that they never mix with an access log on standard output. */
  tell(text: string): void;
}

const COLUMNS_MIN = 72;
const COLUMNS_MAX = 100;
const STANDARD_ERROR = 2;

/** What matters of standard output. */
interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
  on?(event: 'error', then: () => void): unknown;
}

export function createTerminal(
  environment: Readonly<Record<string, string | undefined>>,
  output: Output = process.stdout,
): Terminal {
  const gone = new AbortController();
  output.on?.('error', () => gone.abort());
  return {
    columns: Math.min(COLUMNS_MAX, Math.max(COLUMNS_MIN, output.columns || COLUMNS_MAX)),
    hasColor: output.isTTY === true && !isPlain(environment),
    gone: gone.signal,
    openScreen: () => openScreen(process.stdin, process.stdout),
    readSecret,
    readFirstLine,
    print: (text) => output.write(text),
    tell: writeToStandardError,
  };
}

/** Without a stream, which would make a pipe non-blocking for the children that inherit it. */
function writeToStandardError(text: string): void {
  try {
    writeSync(STANDARD_ERROR, text);
  } catch {
    // Nobody listens: the reader is gone, or does not keep up.
  }
}

const CODES = { bold: [1, 22], dim: [2, 22] } as const;

export function styled(terminal: Terminal, style: keyof typeof CODES, text: string): string {
  const [on, off] = CODES[style];
  return terminal.hasColor ? `\x1b[${on}m${text}\x1b[${off}m` : text;
}

/** Breaks `text` between words so that no line is longer than `width`, where a word allows it. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
