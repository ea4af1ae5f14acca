/** Values of the configuration as one would write them. The supervisor says them, too, so no library of settings is here. */
import type { ApplicationSettings, ProcessRange } from './configuration.ts';

export function formatProcessRange({ min, max }: ProcessRange): string {
  return min === max ? String(max) : `${min}:${max}`;
}

/** `shop.wsgi:application`, `/srv/shop/wsgi.py`: as one would name it on the command line. */
export function formatTarget(target: ApplicationSettings['target']): string {
  if (target.kind === 'command') return formatWords(target.argv);
  const place = target.kind === 'script' ? target.path : target.module;
  return target.callable === null ? place : `${place}:${target.callable}`;
}

/** As a shell would split them. */
export function formatWords(words: readonly string[]): string {
  return words.map(quoteWord).join(' ');
}

function quoteWord(word: string): string {
  return /^[\w@%+=:,./{}-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
