/**
 * A command: a list of words in the file, or one text that is split as a shell would, without its variables, patterns
 * and redirections. `{fd}` and the like stand for what is known when it is started (target/command.ts).
 */
import { z } from 'zod';
import { formatWords } from './format.ts';
import type { ValueType } from './value-types.ts';

const WORDS_MAX = 1000;
const WORD = /^[^\0]*$/;

const words = z
  .array(z.string().regex(WORD))
  .min(1)
  .max(WORDS_MAX)
  .refine((all) => all[0] !== '');
const text = z.string().regex(WORD);

export const commandLine: ValueType<readonly string[]> = {
  schema: z.union([words, text.transform((line) => splitWords(line) ?? []).pipe(words)]),
  allowed: 'a program and its arguments, as one text with its quotes closed or as a list of texts',
  placeholder: 'COMMAND',
  fromText: (line) => line,
  format: formatWords,
};

/** Null when a quote is not closed. Quotes and backslashes mean what they do in a POSIX shell. */
export function splitWords(line: string): string[] | null {
  const found: string[] = [];
  // A word consists of pieces: in single quotes, in double ones, a character behind a backslash, or plain.
  const piece = /'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)|([^\s'"\\]+)|(\s+)/sy;
  let word: string | null = null;
  while (piece.lastIndex < line.length) {
    const match = piece.exec(line);
    if (match === null) return null;
    const [, single, double, escaped, plain] = match;
    const part = single ?? double?.replace(/\\([\\"$`])/g, '$1') ?? escaped ?? plain;
    if (part !== undefined) word = (word ?? '') + part;
    else if (word !== null) {
      found.push(word);
      word = null;
    }
  }
  return word === null ? found : [...found, word];
}
