/** Reads what nobody is to see: without echo from a terminal, or a line of standard input. */
import { readFileSync, writeSync } from 'node:fs';
import type { ReadStream } from 'node:tty';

const STANDARD_INPUT = 0;
const STANDARD_ERROR = 2;
const CTRL_C = '\x03';
const CTRL_D = '\x04';
const CTRL_U = '\x15';
const BACKSPACE = /[\b\x7f]/;

/** Null when there is no terminal, or whoever sits at it broke off. The prompt goes to standard error. */
export function readSecret(prompt: string, input: ReadStream = process.stdin): Promise<string | null> {
  if (!input.isTTY) return Promise.resolve(null);
  // First, so that nothing that is typed at once is seen.
  input.setRawMode(true);
  writeSync(STANDARD_ERROR, prompt);
  return new Promise((resolve) => {
    let typed = '';
    const finish = (secret: string | null) => {
      input.off('data', onData).setRawMode(false).pause();
      writeSync(STANDARD_ERROR, '\n');
      resolve(secret);
    };
    const onData = (chunk: Buffer | string) => {
      for (const key of String(chunk)) {
        if (key === '\r' || key === '\n') return finish(typed);
        if (key === CTRL_C || key === CTRL_D) return finish(null);
        if (key === CTRL_U) typed = '';
        else if (BACKSPACE.test(key)) typed = typed.slice(0, -1);
        else typed += key;
      }
    };
    input.setEncoding('utf8').resume().on('data', onData);
  });
}

/** The first line of standard input. */
export function readFirstLine(): string {
  return readFileSync(STANDARD_INPUT, 'utf8').split(/\r?\n/, 1)[0]!;
}
