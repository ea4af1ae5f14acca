/** `forward-auth`: another server, or a path of this one, says who may go on. */
import { z } from 'zod';
import { section } from '../section.ts';
import { list, one } from '../setting.ts';
import { seconds, type ValueType } from '../value-types.ts';
import { token } from './types.ts';

/** Who is asked. */
export type AuthorityTarget =
  | { readonly kind: 'http' | 'https'; readonly host: string; readonly port: number; readonly uri: string }
  | { readonly kind: 'unix'; readonly path: string; readonly uri: string }
  | { readonly kind: 'internal'; readonly path: string };

export interface ForwardAuthSettings {
  readonly to: AuthorityTarget;
  /** Fields of its answer that the request gets, in the place of those of the client. */
  readonly copiedHeaders: readonly string[];
  /** In lower case: the field of its answer that names the user; null: none. */
  readonly userHeader: string | null;
  readonly timeoutMs: number;
  /** Where it stands, for messages. */
  readonly place: string;
}

const INTERNAL = /^\/[!-~]*$/;
const UNIX = /^http:\/\/unix:([^:\0]{1,107}):(\/[!-~]*)$/;

const target: ValueType<AuthorityTarget> = {
  schema: z.string().transform((value, context): AuthorityTarget => {
    const parsed = parseTarget(value);
    if (parsed === null) context.addIssue('no target');
    return parsed ?? z.NEVER;
  }),
  allowed:
    'a URL like http://127.0.0.1:9091/verify, http://unix:/run/auth.sock:/verify for a Unix socket, or a path of this server like /verify',
  placeholder: 'URL',
  fromText: (value) => value,
  format: String,
};

function parseTarget(value: string): AuthorityTarget | null {
  if (INTERNAL.test(value) && !value.startsWith('//') && !/[?#]/.test(value))
    return { kind: 'internal', path: value };
  const [, path, uri] = UNIX.exec(value) ?? [];
  if (path !== undefined) return path.startsWith('/') ? { kind: 'unix', path, uri: uri! } : null;
  const url = URL.parse(value);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return null;
  if (url.username !== '' || url.password !== '' || url.hash !== '') return null;
  const kind = url.protocol === 'http:' ? 'http' : 'https';
  const port = url.port === '' ? (kind === 'http' ? 80 : 443) : Number(url.port);
  return { kind, host: url.hostname.replace(/^\[|\]$/g, ''), port, uri: `${url.pathname}${url.search}` };
}

export const forwardAuth = section({
  help: 'asks another server, or a path of this one, who may go on',
  short: 'to',
  required: ['to'],
  parts: {
    to: one(target, { default: null, help: 'who is asked: a URL, or a path of this server' }),
    'copy-headers': list(token, {
      help: 'header fields of its answer that the request gets, in the place of those that the client sent',
    }),
    'user-header': one(token, {
      default: null,
      defaultText: 'none',
      help: 'header field of its answer that names the user, for REMOTE_USER',
    }),
    timeout: one(seconds(), { default: 10, help: 'how long it may take to answer' }),
  },
  build: ({ to, timeout, ...values }, place): ForwardAuthSettings => ({
    to: to!,
    copiedHeaders: values['copy-headers'],
    userHeader: values['user-header']?.toLowerCase() ?? null,
    timeoutMs: Math.round(timeout * 1_000),
    place: place.text,
  }),
});
