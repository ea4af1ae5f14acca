/** What all ways to sign in have in common. */
import { z } from 'zod';
import { list, one } from '../setting.ts';
import { onOff, text, type ValueType } from '../value-types.ts';

export interface SignInSettings {
  /** What the client's browser says it is asked for. */
  readonly realm: string;
  /** As middleware/sign-in/requirement.ts has them. */
  readonly requirements: readonly string[];
  readonly passAuthorization: boolean;
}

const requirement: ValueType<string> = {
  schema: z.string().regex(/^(valid-user|(user|group)( [^\s:]+)+)$/),
  allowed: '"valid-user", "user NAME …" or "group NAME …"',
  placeholder: 'REQUIREMENT',
  fromText: (value) => value,
  format: String,
};

export const signInKeys = {
  realm: one(text('TEXT', /^[^"\\\p{Cc}]+$/u, 'a text without quotes, backslashes and line breaks'), {
    default: 'Restricted',
    help: 'what the browser says it is asked for',
  }),
  require: list(requirement, {
    defaultText: 'valid-user',
    help: 'who may go on of those that have signed in, one is enough: "user alice bob", "group staff", "valid-user"',
  }),
  'pass-authorization': one(onOff, {
    default: false,
    help: 'let the application see the password (the Authorization field)',
  }),
};

export function signInSettings(values: {
  readonly realm: string;
  readonly require: readonly string[];
  readonly 'pass-authorization': boolean;
}): SignInSettings {
  return {
    realm: values.realm,
    requirements: values.require.length === 0 ? ['valid-user'] : values.require,
    passAuthorization: values['pass-authorization'],
  };
}
