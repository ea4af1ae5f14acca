/** `auth-scripts`: Python scripts say who may come and who people are, with the functions that mod_wsgi calls. */
import { quote } from '../origin.ts';
import { section } from '../section.ts';
import { list, one } from '../setting.ts';
import { kindOf } from '../target/target.ts';
import { choice, path, text } from '../value-types.ts';
import { NONCE_LIFETIME_S } from './digest-auth.ts';
import { type SignInSettings, signInKeys, signInSettings } from './sign-in.ts';

export interface AuthScriptsSettings extends SignInSettings {
  /** Absolute paths; null: nobody is asked. */
  readonly accessScript: string | null;
  readonly userScript: string | null;
  readonly groupScript: string | null;
  /** How passwords are asked for. */
  readonly type: 'Basic' | 'Digest';
  /** Of Digest. */
  readonly nonceLifetimeMs: number;
  /** Where it stands, for messages. */
  readonly place: string;
}

/** mod_wsgi-express's. */
export const DEFAULT_GROUP = 'wsgi';

const script = path('FILE');

export const authScripts = section({
  help: 'Python scripts say who may come and who people are: allow_access, check_password or get_realm_hash, groups_for_user',
  parts: {
    'access-script': one(script, { default: null, help: 'script with allow_access(environ, host)' }),
    'user-script': one(script, {
      default: null,
      help: 'script with check_password(environ, user, password), or get_realm_hash(environ, user, realm) for Digest',
    }),
    type: one(choice('Basic', 'Digest'), { default: 'Basic', help: 'how passwords are asked for' }),
    'group-script': one(script, { default: null, help: 'script with groups_for_user(environ, user)' }),
    group: list(text('NAME', /^[^\s:\0]+$/, 'a name without spaces'), {
      defaultText: DEFAULT_GROUP,
      help: 'with a group-script, users must be in one of these groups',
    }),
    realm: signInKeys.realm,
    'pass-authorization': signInKeys['pass-authorization'],
  },
  build: ({ group, type, ...values }, place): AuthScriptsSettings => {
    const { 'access-script': accessScript, 'user-script': userScript, 'group-script': groupScript } = values;
    for (const key of ['access-script', 'user-script', 'group-script'] as const) {
      const file = values[key];
      if (file !== null && kindOf(file) !== 'file') place.refuse(key, quote(file), 'a file that is there');
    }
    if (accessScript === null && userScript === null)
      place.refuse(null, 'no script', 'access-script, user-script or both');
    if (groupScript !== null && userScript === null) place.refuse('group-script', 'no user-script', 'both');
    const groups = group.length === 0 ? [DEFAULT_GROUP] : group;
    const require = groupScript === null ? [] : [`group ${groups.join(' ')}`];
    return {
      accessScript,
      userScript,
      groupScript,
      type,
      nonceLifetimeMs: NONCE_LIFETIME_S * 1_000,
      place: place.text,
      ...signInSettings({ ...values, require }),
    };
  },
});
