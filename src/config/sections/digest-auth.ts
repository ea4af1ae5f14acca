/** `digest-auth`: a user name and a password, which is never sent, from an htdigest file. */
import { quote } from '../origin.ts';
import { section } from '../section.ts';
import { one } from '../setting.ts';
import { onOff, path, seconds } from '../value-types.ts';
import { type UserFileSettings, userFileKeys, userFileSettings } from './sign-in.ts';

export interface DigestAuthSettings extends UserFileSettings {
  readonly nonceLifetimeMs: number;
  /** Clients may send a hash of their name. */
  readonly hashesUsers: boolean;
}

/** Apache's. */
export const NONCE_LIFETIME_S = 300;

export const digestAuth = section({
  help: 'asks for a user name and a password that is not sent (Digest authentication)',
  short: 'file',
  required: ['file'],
  parts: {
    file: one(path('FILE'), {
      default: null,
      help: 'htdigest file: users, realms and hashes of their passwords',
    }),
    ...userFileKeys,
    'nonce-lifetime': one(seconds(), {
      default: NONCE_LIFETIME_S,
      help: 'how long a client may use what it was given to sign, before it gets another one',
    }),
    userhash: one(onOff, { default: false, help: 'let clients send a hash of the user name in its place' }),
  },
  build: (values, place): DigestAuthSettings => {
    if (values.realm.includes(':'))
      place.refuse('realm', quote(values.realm), 'a text without colons, which the file could not have');
    return {
      ...userFileSettings(values, place),
      nonceLifetimeMs: Math.round(values['nonce-lifetime'] * 1_000),
      hashesUsers: values.userhash,
    };
  },
});
