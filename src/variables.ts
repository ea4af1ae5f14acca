/**
 * Variables of an exchange, and templates made of them: `/new/{1}?from={host}`. Everything is latin-1, as in the
 * exchange. Values are as a stranger sent them: who puts them into a header field or a URL makes them safe there.
 */
import type { Exchange } from './exchange.ts';

export type Template = (exchange: Exchange) => string;

const VARIABLES: Readonly<Record<string, Template>> = {
  method: ({ request }) => request.method,
  scheme: ({ request }) => request.scheme,
  host: ({ request }) => hostOf(request.authority),
  authority: ({ request }) => request.authority,
  port: ({ request }) => String(request.localPort),
  path: ({ request }) => request.path,
  query: ({ request }) => request.query,
  uri: ({ request: { path, query } }) => (query === '' ? path : `${path}?${query}`),
  'remote-address': ({ request }) => request.remoteAddress,
  'remote-user': (exchange) => environValue(exchange, 'REMOTE_USER'),
  'request-id': ({ id }) => id,
  // Who makes the page of an error has not answered yet, and means the error.
  status: (exchange) =>
    exchange.status === 0 ? environValue(exchange, 'REDIRECT_STATUS') : String(exchange.status),
};

/** `{header.user-agent}` and the like: what stands before the dot, and what comes of what stands behind it. */
const FAMILIES: Readonly<Record<string, (name: string) => Template>> = {
  header: (name) => {
    const lower = name.toLowerCase();
    return ({ request }) => request.fields.joined(lower) ?? '';
  },
  query:
    (name) =>
    ({ request }) =>
      parameter(request.query, '&', name),
  cookie:
    (name) =>
    ({ request }) =>
      cookie(request.fields.joined('cookie') ?? '', name),
  environ: (name) => (exchange) => environValue(exchange, name),
  match:
    (name) =>
    ({ captures }) =>
      captures?.[name] ?? '',
};

/** Completes "allowed: …" where a template is wrong. */
export const TEMPLATE_ALLOWED = `a text in which {${Object.keys(VARIABLES).join('}, {')}}, {1} and so on, {${Object.keys(
  FAMILIES,
).join('.NAME}, {')}.NAME} are replaced, and {{ is a brace`;

/** How the value of a variable is made safe; `before` and `after`: the template on both sides of it. */
export type Escaping = (name: string, before: string, after: string) => (value: string) => string;

/** Null when the text is no template. */
export function compileTemplate(text: string, escaping?: Escaping): Template | null {
  const pieces: (string | Template)[] = [];
  let literal = '';
  const whole = latin1(text);
  for (const { 0: piece, index } of whole.matchAll(/\{\{|\{[^{}]*\}|[^{]+|\{/g)) {
    if (piece === '{') return null;
    if (piece === '{{') literal += '{';
    else if (!piece.startsWith('{')) literal += piece;
    else {
      const name = piece.slice(1, -1);
      const value = compileVariable(name);
      if (value === null) return null;
      const makeSafe = escaping?.(name, whole.slice(0, index), whole.slice(index + piece.length));
      if (literal !== '') pieces.push(literal);
      literal = '';
      pieces.push(makeSafe === undefined ? value : (exchange) => makeSafe(value(exchange)));
    }
  }
  if (pieces.length === 0) return () => literal;
  if (literal !== '') pieces.push(literal);
  if (pieces.length === 1) return pieces[0] as Template;
  return (exchange) => {
    let all = '';
    for (const piece of pieces) all += typeof piece === 'string' ? piece : piece(exchange);
    return all;
  };
}

function compileVariable(name: string): Template | null {
  if (Object.hasOwn(VARIABLES, name)) return VARIABLES[name]!;
  if (/^\d{1,2}$/.test(name)) return FAMILIES.match!(name);
  const dot = name.indexOf('.');
  const family = name.slice(0, Math.max(dot, 0));
  if (!Object.hasOwn(FAMILIES, family) || dot === name.length - 1) return null;
  return FAMILIES[family]!(name.slice(dot + 1));
}

/** Without the port and the dot of the root, in lower case. */
export function hostOf(authority: string): string {
  const colon = authority.lastIndexOf(':');
  const host = colon < 0 || authority.endsWith(']') ? authority : authority.slice(0, colon);
  return host.toLowerCase().replace(/\.$/, '');
}

/** The first of that name, as it was sent; '' when there is none. */
function parameter(text: string, separator: string, name: string): string {
  for (const one of text.split(separator)) {
    const equals = one.indexOf('=');
    if ((equals < 0 ? one : one.slice(0, equals)) === name) return equals < 0 ? '' : one.slice(equals + 1);
  }
  return '';
}

function cookie(field: string, name: string): string {
  return parameter(field.replace(/;\s+/g, ';'), ';', name);
}

/** A CGI variable that middleware has set; '' without one. */
export function environValue({ environ }: Exchange, name: string): string {
  if (environ === null) return '';
  for (let i = 0; i < environ.length; i += 2) if (environ[i] === name) return environ[i + 1]!;
  return '';
}

function latin1(text: string): string {
  return Buffer.from(text, 'utf8').latin1Slice();
}
