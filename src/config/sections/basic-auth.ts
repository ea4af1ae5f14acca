/** `basic-auth`: a user name and a password, from an htpasswd file. */
import { section } from '../section.ts';
import { one } from '../setting.ts';
import { path } from '../value-types.ts';
import { type UserFileSettings, userFileKeys, userFileSettings } from './sign-in.ts';

export type BasicAuthSettings = UserFileSettings;

export const basicAuth = section({
  help: 'asks for a user name and a password (Basic authentication)',
  short: 'file',
  required: ['file'],
  parts: {
    file: one(path('FILE'), { default: null, help: 'htpasswd file: users and hashes of their passwords' }),
    ...userFileKeys,
  },
  build: userFileSettings,
});
