/** `basic-auth`: a user name and a password, from an htpasswd file. */
import { quote } from '../origin.ts';
import { section } from '../section.ts';
import { one } from '../setting.ts';
import { kindOf } from '../target/target.ts';
import { path } from '../value-types.ts';
import { type SignInSettings, signInKeys, signInSettings } from './sign-in.ts';

export interface BasicAuthSettings extends SignInSettings {
  /** An absolute path. */
  readonly file: string;
  /** An absolute path; null: nobody is in a group. */
  readonly groupFile: string | null;
  /** Where it stands, for messages. */
  readonly place: string;
}

export const basicAuth = section({
  help: 'asks for a user name and a password (Basic authentication)',
  short: 'file',
  required: ['file'],
  parts: {
    file: one(path('FILE'), { default: null, help: 'htpasswd file: users and hashes of their passwords' }),
    'group-file': one(path('FILE'), { default: null, help: 'file of lines GROUP: USER USER …' }),
    ...signInKeys,
  },
  build: (values, place): BasicAuthSettings => {
    const { file, 'group-file': groupFile } = values;
    if (groupFile === null && values.require.some((one) => one.startsWith('group ')))
      place.refuse('require', 'a group', 'groups of a group-file');
    if (kindOf(file!) !== 'file') place.refuse('file', quote(file), 'a file that is there');
    if (groupFile !== null && kindOf(groupFile) !== 'file')
      place.refuse('group-file', quote(groupFile), 'a file that is there');
    return { file: file!, groupFile, place: place.text, ...signInSettings(values) };
  },
});
