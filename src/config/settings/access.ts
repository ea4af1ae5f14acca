/** Settings: mod_wsgi-express's scripts for access and authentication. Sections of the file say more. */
import { list, one } from '../setting.ts';
import { choice, path, text } from '../value-types.ts';

export const access = {
  title: 'Access',
  settings: {
    'host-access-script': one(path('FILE'), {
      default: null,
      help: 'Python script with allow_access(environ, host): who may come',
    }),
    'auth-user-script': one(path('FILE'), {
      default: null,
      help: 'Python script that says who may sign in: check_password(environ, user, password), or with --auth-type Digest get_realm_hash(environ, user, realm)',
    }),
    'auth-type': one(choice('Basic', 'Digest'), {
      default: 'Basic',
      help: 'how passwords are asked for with --auth-user-script',
    }),
    'auth-group-script': one(path('FILE'), {
      default: null,
      help: 'Python script with groups_for_user(environ, user)',
    }),
    'auth-group': list(text('NAME', /^[^\s:\0]+$/, 'a name without spaces'), {
      defaultText: 'wsgi',
      help: 'with --auth-group-script, users must be in one of these groups',
    }),
  },
};
