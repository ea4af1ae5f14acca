/** How clients are asked for their password, and what the scripts are asked about what they say: Basic and Digest. */
import type { AuthScriptsSettings } from '../../config/sections/auth-scripts.ts';
import type { Exchange, FieldList } from '../../exchange.ts';
import { DigestScheme } from '../digest-auth/digest-scheme.ts';
import { authorizationOf, parseCredentials } from '../sign-in/credentials.ts';
import type { Findings } from './findings.ts';

/** What a client says of itself. */
export interface Claim {
  /** Latin-1. */
  readonly user: string;
  /** What the script is to know, in latin-1. */
  readonly question: Readonly<Record<'user' | 'password' | 'realm', string | null>>;
  /** `stale`: right, but it has to be said anew. */
  judge(findings: Findings): { readonly user: string; readonly exchange: Exchange } | 'wrong' | 'stale';
}

export interface Scheme {
  /** Null: the client has said nothing that could be right. */
  claimOf(exchange: Exchange): Claim | null;
  challenge(isStale: boolean): FieldList;
}

export function makeScheme(settings: AuthScriptsSettings, nonceKey: Buffer): Scheme {
  return settings.type === 'Basic' ? basicScheme(settings) : digestScheme(settings, nonceKey);
}

function basicScheme({ realm }: AuthScriptsSettings): Scheme {
  const named = Buffer.from(realm, 'utf8').latin1Slice();
  const challenge = `Basic realm="${named}", charset="UTF-8"`;
  return {
    claimOf: (exchange) => {
      const authorization = authorizationOf(exchange.request.fields);
      const credentials = authorization === null ? null : parseCredentials(authorization);
      if (credentials === null) return null;
      const { user } = credentials;
      return {
        user,
        question: { user, password: credentials.password.latin1Slice(), realm: null },
        judge: ({ user: found }) => (found === null ? 'wrong' : { user: found, exchange }),
      };
    },
    challenge: () => ['Cache-Control', 'no-store', 'WWW-Authenticate', challenge],
  };
}

/** With MD5, the hash that scripts for mod_wsgi make. */
function digestScheme({ realm, nonceLifetimeMs }: AuthScriptsSettings, nonceKey: Buffer): Scheme {
  const scheme = new DigestScheme({ realm, nonceLifetimeMs, hashesUsers: false }, nonceKey);
  return {
    claimOf: (exchange) => {
      const given = scheme.read(exchange);
      if (given === null || given.algorithm !== 'MD5' || given.isUserHashed) return null;
      // A client signs what it sends, wherever it is led to from there.
      const request = exchange.sent ?? exchange.received ?? exchange.request;
      if (!scheme.isOf(request, given)) return null;
      const { user } = given;
      return {
        user,
        question: { user, password: null, realm: scheme.realm },
        judge: ({ realmHash: hash }) => {
          if (hash === null || !scheme.isRight(request, given, 'MD5', hash)) return 'wrong';
          if (!scheme.use(request, given)) return 'stale';
          return { user, exchange: scheme.confirm(exchange, given, 'MD5', hash) };
        },
      };
    },
    challenge: (isStale) => scheme.challenge(['MD5'], isStale),
  };
}
