/** The Forwarded field (RFC 7239): what each proxy on the way has to tell. */

export interface ForwardedElement {
  /** As it was sent. */
  readonly text: string;
  /** Lower-case name to value, unquoted. */
  readonly parameters: ReadonlyMap<string, string>;
}

const PARAMETER =
  /[\t ]*(?:([!#$%&'*+.^_`|~\w-]+)=(?:([!#$%&'*+.^_`|~\w:[\]-]+)|"((?:[^"\\]|\\.)*)"))?[\t ]*([;,]|$)/y;

/** The oldest first; null when the field is not as the RFC has it. Brackets and colons are forgiven without quotes. */
export function parseForwarded(value: string): ForwardedElement[] | null {
  const elements: ForwardedElement[] = [];
  let parameters = new Map<string, string>();
  let start = 0;
  PARAMETER.lastIndex = 0;
  for (;;) {
    const found = PARAMETER.exec(value);
    if (found === null) return null;
    const [, name, token, quoted, separator] = found;
    if (name !== undefined) {
      const lower = name.toLowerCase();
      if (parameters.has(lower)) return null;
      parameters.set(lower, token ?? quoted!.replace(/\\(.)/g, '$1'));
    }
    if (separator === ';') continue;
    const end = PARAMETER.lastIndex - separator!.length;
    // Empty elements of a list mean nothing (RFC 9110, section 5.6.1).
    if (parameters.size > 0) elements.push({ text: value.slice(start, end).trim(), parameters });
    if (separator === '') return elements;
    parameters = new Map();
    start = PARAMETER.lastIndex;
  }
}
