/** What all ways to sign in have in common. */
import { z } from 'zod';
import { quote } from '../origin.ts';
import type { SectionPlace } from '../section.ts';
import { list, one } from '../setting.ts';
import { kindOf } from '../target/target.ts';
import { onOff, path, text, type ValueType } from '../value-types.ts';

export interface SignInSettings {
  /** What the client's browser says it is asked for. */
  readonly realm: string;
  /** As middleware/sign-in/requirement.ts has them. */
  readonly requirements: readonly string[];
  readonly passAuthorization: boolean;
}

/** Of those that read users and groups from files. */
export interface UserFileSettings extends SignInSettings {
  /** An absolute path. */
  readonly file: string;
  /** An absolute path; null: nobody is in a group. */
  readonly groupFile: string | null;
  /** Where it stands, for messages. */
  readonly place: string;
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

interface SignInValues {
  readonly realm: string;
  readonly require: readonly string[];
  readonly 'pass-authorization': boolean;
}

export function signInSettings(values: SignInValues): SignInSettings {
  return {
    realm: values.realm,
    requirements: values.require.length === 0 ? ['valid-user'] : values.require,
    passAuthorization: values['pass-authorization'],
  };
}

export const userFileKeys = {
  'group-file': one(path('FILE'), { default: null, help: 'file of lines GROUP: USER USER …' }),
  ...signInKeys,
};

export function userFileSettings(
  values: SignInValues & { readonly file: string | null; readonly 'group-file': string | null },
  place: SectionPlace,
): UserFileSettings {
  const { file, 'group-file': groupFile } = values;
  if (groupFile === null && values.require.some((one) => one.startsWith('group ')))
    place.refuse('require', 'a group', 'groups of a group-file');
  if (kindOf(file!) !== 'file') place.refuse('file', quote(file), 'a file that is there');
  if (groupFile !== null && kindOf(groupFile) !== 'file')
    place.refuse('group-file', quote(groupFile), 'a file that is there');
  return { file: file!, groupFile, place: place.text, ...signInSettings(values) };
}
