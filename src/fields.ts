/**
 * Header fields of a request: names interned once, so that everything derived from a name (lower case, the CGI
 * variable, what framing it means) is computed when the name is first seen and not on every request.
 */

export interface FieldName {
  /** As first seen on the wire. */
  readonly raw: string;
  readonly lower: string;
  /** CGI meta-variable (RFC 3875, section 4.1.18): HTTP_USER_AGENT, CONTENT_TYPE. '' when it must not be passed on. */
  readonly cgi: string;
}

/** Response fields that say something to a web server (Apache's mod_xsendfile, nginx) and never reach a client. */
export const INTERNAL_FIELDS: ReadonlySet<string> = new Set([
  'x-sendfile',
  'x-accel-redirect',
  'x-accel-buffering',
  'x-accel-charset',
  'x-accel-expires',
  'x-accel-limit-rate',
]);

/** Names are interned up to this many: a client that invents names costs us time, not memory. */
const INTERNED_MAX = 2000;
const interned = new Map<string, FieldName>();

export function fieldName(raw: string): FieldName {
  const known = interned.get(raw);
  if (known !== undefined) return known;
  const made = makeFieldName(raw);
  // A flat copy, so that the interned name does not keep a whole request alive.
  if (interned.size < INTERNED_MAX) interned.set(Buffer.from(raw, 'latin1').toString('latin1'), made);
  return made;
}

function makeFieldName(raw: string): FieldName {
  const flat = Buffer.from(raw, 'latin1').toString('latin1');
  const lower = flat.toLowerCase();
  return { raw: flat, lower, cgi: cgiName(lower) };
}

/**
 * An underscore would let `X_Forwarded_For` pass for `X-Forwarded-For` in the environ, so such fields are dropped;
 * `Proxy` would become HTTP_PROXY, which HTTP clients obey (CVE-2016-5385).
 */
function cgiName(lower: string): string {
  if (lower.includes('_') || lower === 'proxy') return '';
  const upper = lower.toUpperCase().replaceAll('-', '_');
  return lower === 'content-type' || lower === 'content-length' ? upper : `HTTP_${upper}`;
}

/** The fields of one request in the order of arrival, duplicates kept apart. Values are latin-1 and trimmed. */
export class RequestFields {
  readonly names: FieldName[] = [];
  readonly values: string[] = [];

  /** Room for an encoder to keep what it made of these fields (they are shared by requests that repeat them). */
  encoded: unknown = null;

  add(name: FieldName, value: string): void {
    this.names.push(name);
    this.values.push(value);
  }

  /** The first value of a field by its lower-case name, or null. */
  get(lower: string): string | null {
    const { names } = this;
    for (let i = 0; i < names.length; i++) if (names[i]!.lower === lower) return this.values[i]!;
    return null;
  }

  /** All values of a field joined with `, ` (RFC 9110, section 5.3), or null. */
  joined(lower: string): string | null {
    let all: string | null = null;
    for (let i = 0; i < this.names.length; i++) {
      if (this.names[i]!.lower === lower) all = all === null ? this.values[i]! : `${all}, ${this.values[i]}`;
    }
    return all;
  }
}
