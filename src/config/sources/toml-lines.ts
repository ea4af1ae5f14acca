/**
 * The line on which each key of a TOML document stands, which the TOML parser does not tell. It reads a document
 * that is already known to be valid, so it only has to know table headers, the keys before `=`, and the texts of
 * several lines, inside which neither counts.
 */

const KEY = /(?:"(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_-]+)/.source;
const DOTTED = `${KEY}(?:\\s*\\.\\s*${KEY})*`;
const HEADER = new RegExp(`^\\s*(\\[\\[?)\\s*(${DOTTED})\\s*\\]`);
const ASSIGNMENT = new RegExp(`^\\s*(${DOTTED})\\s*=`);

/**
 * Lines, counted from 1, by the full path of the key, its parts joined with NUL. Tables count as keys; `#0` stands for
 * the first of an array of tables.
 */
export function findKeyLines(document: string): Map<string, number> {
  const lines = new Map<string, number>();
  let table: string[] = [];
  let closing: string | null = null;
  const arrays = new Map<string, number>();
  const note = (path: readonly string[], line: number) => {
    // A dotted key mentions the tables above it too.
    for (let depth = 1; depth <= path.length; depth++) {
      const id = path.slice(0, depth).join('\0');
      if (!lines.has(id)) lines.set(id, line);
    }
  };
  document.split('\n').forEach((text, index) => {
    const outside = closing === null;
    closing = openAfter(text, closing);
    if (!outside) return;
    const [, brackets, header] = HEADER.exec(text) ?? [];
    const assigned = ASSIGNMENT.exec(text)?.[1];
    if (header !== undefined) {
      table = counted(parts(header), brackets === '[[');
      note(table, index + 1);
    } else if (assigned !== undefined) {
      note([...table, ...parts(assigned)], index + 1);
      noteInline(text, [...table, ...parts(assigned)], index + 1);
    }
  });
  return lines;

  /** With the place in each array of tables, of which `[[` begins the next one. */
  function counted(keys: readonly string[], isNext: boolean): string[] {
    const path: string[] = [];
    keys.forEach((key, i) => {
      path.push(key);
      const id = path.join('\0');
      if (isNext && i === keys.length - 1) arrays.set(id, (arrays.get(id) ?? -1) + 1);
      const place = arrays.get(id);
      if (place !== undefined) path.push(`#${place}`);
    });
    return path;
  }

  /** Keys of an inline table stand on its line: `setenv = { DEBUG = "1" }`. */
  function noteInline(text: string, path: readonly string[], line: number): void {
    for (const [, key] of text.matchAll(new RegExp(`[{,]\\s*(${DOTTED})\\s*=`, 'g'))) {
      note([...path, ...parts(key!)], line);
    }
  }
}

/** The delimiter of the text of several lines that is open behind this line, or null. */
function openAfter(line: string, open: string | null): string | null {
  const token = /"""|'''|"(?:[^"\\]|\\.)*"|'[^']*'|#.*/g;
  let delimiter = open;
  while (true) {
    if (delimiter !== null) {
      const end = line.indexOf(delimiter, token.lastIndex);
      if (end < 0) return delimiter;
      token.lastIndex = end + delimiter.length;
    }
    const [found] = token.exec(line) ?? [];
    if (found === undefined) return null;
    delimiter = found === '"""' || found === "'''" ? found : null;
  }
}

function parts(dotted: string): string[] {
  return [...dotted.matchAll(new RegExp(KEY, 'g'))].map(([key]) => unquote(key));
}

function unquote(key: string): string {
  if (!key.startsWith('"')) return key.replace(/^'|'$/g, '');
  try {
    return JSON.parse(key) as string;
  } catch {
    // An escape that TOML has and JSON has not: the line is lost, nothing else.
    return key;
  }
}
