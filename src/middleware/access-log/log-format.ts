/** Apache's LogFormat strings, compiled once to a function from an exchange to a line (without its newline). */
import type { Exchange } from '../../exchange.ts';
import { DIRECTIVES, DirectiveError, type Item, loggedStatus, REFUSED } from './directives.ts';
import { TimeFormatError } from './log-time.ts';

/** A format that cannot be used. The message says where, what was found and what is allowed. */
export class LogFormatError extends Error {
  constructor(format: string, index: number, problem: string) {
    super(`access log format: position ${index + 1} of ${JSON.stringify(format)}: ${problem}`);
  }
}

/** %, then in any order conditions on the status and the arrow for "original" or "final", an argument, a letter. */
const DIRECTIVE = /%([<>]?)(!?[\d,]+)?([<>]?)(?:\{([^}]*)\})?(\^?[\s\S])?/y;

/** Throws LogFormatError. */
export function compileLogFormat(format: string): Item {
  const texts: string[] = [];
  const items: Item[] = [];
  let text = '';
  for (let index = 0; index < format.length; ) {
    if (format[index] !== '%') {
      const end = nextPercent(format, index);
      text += unescapeText(format.slice(index, end));
      index = end;
      continue;
    }
    DIRECTIVE.lastIndex = index;
    const match = DIRECTIVE.exec(format)!;
    if (match[0] === '%%') {
      text += '%';
    } else {
      items.push(compileDirective(format, index, match));
      texts.push(text);
      text = '';
    }
    index += match[0].length;
  }
  return joiner(texts, items, text);
}

function nextPercent(format: string, from: number): number {
  const at = format.indexOf('%', from);
  return at < 0 ? format.length : at;
}

/** In literal text, as in Apache's configuration: `\n`, `\r`, `\t`, `\"` and `\\`. */
function unescapeText(text: string): string {
  const meanings: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };
  return text.replace(/\\([nrt"\\])/g, (_, letter: string) => meanings[letter] ?? letter);
}

function compileDirective(format: string, index: number, match: RegExpExecArray): Item {
  const [found, , condition, , argument, letter = ''] = match;
  const fail = (problem: string): never => {
    throw new LogFormatError(format, index, problem);
  };
  const refused = Object.hasOwn(REFUSED, letter) ? REFUSED[letter] : undefined;
  if (refused !== undefined) return fail(`"${found}" ${refused}`);
  if (!Object.hasOwn(DIRECTIVES, letter)) {
    const allowed = Object.keys(DIRECTIVES).map((known) => `%${known}`);
    return fail(`unknown directive "${found}"; allowed are %% ${allowed.join(' ')}`);
  }
  try {
    const item = DIRECTIVES[letter]!(argument ?? null);
    return condition === undefined ? item : onlyFor(condition, item, fail);
  } catch (error) {
    if (error instanceof DirectiveError) return fail(`"${found}" ${error.message}`);
    if (error instanceof TimeFormatError) return fail(`"${found}": ${error.message}`);
    throw error;
  }
}

/** `%400,501{User-Agent}i`: only for these statuses; `%!200,304i`: for all but these; otherwise `-`. */
function onlyFor(condition: string, item: Item, fail: (problem: string) => never): Item {
  const isNegated = condition.startsWith('!');
  const codes = (isNegated ? condition.slice(1) : condition).split(',');
  const wrong = codes.find((code) => !/^[1-5]\d\d$/.test(code));
  if (wrong !== undefined) fail(`"${wrong}" is no status code; allowed are 100 to 599, separated by commas`);
  const statuses = new Set(codes.map(Number));
  return (exchange) => (statuses.has(loggedStatus(exchange) ?? 0) === isNegated ? '-' : item(exchange));
}

/** `texts[i]` stands before `items[i]`. */
function joiner(texts: readonly string[], items: readonly Item[], tail: string): Item {
  return (exchange: Exchange) => {
    let line = '';
    for (let i = 0; i < items.length; i++) line += texts[i]! + items[i]!(exchange);
    return line + tail;
  };
}
