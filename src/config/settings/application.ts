/** Settings: which application, and the Python it runs in. */
import { list, map, one } from '../setting.ts';
import { command, path, text, urlPath } from '../value-types.ts';

/** With parentheses it is a factory. */
const IDENTIFIER = /^[^\W\d]\w*(\.[^\W\d]\w*)*(\(\))?$/u;
const environmentVariable = text('NAME', /^[^\0=\s]+$/, 'the name of an environment variable');

export const application = {
  title: 'Application',
  settings: {
    application: one(
      text(
        'TARGET',
        /^[^\0]+$/,
        'a directory, a file, package.module, package.module:callable or package.module:factory()',
      ),
      {
        default: null,
        defaultText: 'looked for in the current directory',
        help: 'the application, where TARGET is not given: a script, a module, MODULE:CALLABLE or a directory',
      },
    ),
    'callable-object': one(text('NAME', IDENTIFIER, 'the name of a Python object'), {
      default: null,
      defaultText: 'application, then app',
      help: 'name of the WSGI callable in the script or module',
    }),
    'mount-point': one(urlPath, { default: '/', help: 'URL path at which the application is mounted' }),
    'wsgi-directory': map(urlPath, path('DIRECTORY'), {
      help: 'serves each NAME.wsgi in a directory as an application of its own at URL/NAME',
      placeholder: 'URL DIRECTORY',
    }),
    'working-directory': one(path('DIRECTORY'), {
      default: null,
      defaultText: "the script's directory; for a module the current one",
      help: 'current directory of the application; modules are also imported from it',
    }),
    umask: one(text('MASK', /^[0-7]{3,4}$/, 'three octal digits, as "027"'), {
      default: null,
      defaultText: 'that of the server',
      help: 'permissions that files made by the application do not have, as three octal digits',
    }),
    python: one(command, {
      default: null,
      defaultText: '$VIRTUAL_ENV, then .venv or venv beside the application, then python3',
      help: 'Python interpreter, 3.9 or later',
    }),
    'python-home': one(path('DIRECTORY'), { default: null, help: 'virtual environment to run in' }),
    'python-path': list(path('DIRECTORY'), { help: 'directory to add to the module search path' }),
    setenv: map(environmentVariable, text('VALUE', /^[^\0]*$/), {
      help: 'sets a variable in the environment of the worker and in each WSGI environ',
      placeholder: 'NAME VALUE',
    }),
    passenv: list(environmentVariable, {
      help: 'copies a variable of the environment of vivarium into each WSGI environ',
    }),
  },
};
