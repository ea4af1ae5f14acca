/** `vivarium htpasswd`: the users of a password file. */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { withLines } from '../base/passwords/htpasswd.ts';
import { BCRYPT_COST, BCRYPT_COST_MAX, METHODS } from '../base/passwords/scheme.ts';
import { type Command, type CommandContext, FAILED, MISUSED, OK } from './command.ts';
import { ControlMistake, readControlOptions } from './control-options.ts';
import { DIGEST_METHODS, type FileForm, formOf } from './htpasswd-forms.ts';
import { replaceFile } from './replace-file.ts';

const SWITCHES = {
  delete: 'delete the user',
  verify: 'only tell whether the password is right: exit status 0 or 1',
  stdin: 'read the password from standard input, one line',
  'digest REALM': 'a file for digest-auth (htdigest): a hash of user, REALM and password',
  'method METHOD': `${METHODS.join(', ')} (default: bcrypt); with --digest: ${DIGEST_METHODS.join(', ')} (default: sha256)`,
  'cost N': `how slow bcrypt is made, each one more doubles it (4 to ${BCRYPT_COST_MAX}, default: ${BCRYPT_COST})`,
};
const VALUED = new Set(['--digest', '--method', '--cost']);
const USER = /^(?!#)[^:\p{Cc}]{1,255}$/u;
const READABLE_BY_GROUP = 0o640;

export const htpasswd: Command = {
  name: 'htpasswd',
  usage: 'FILE USER [options]',
  summary: 'add, change or delete a user of a password file',
  description: [
    'Asks for a password and writes its hash to FILE, which basic-auth reads, or with --digest digest-auth; a running' +
      ' server takes notice within a second. A FILE that does not exist is made, readable for its owner and group.' +
      ' Files of Apache and nginx can be used as they are.',
  ],
  switches: SWITCHES,
  takesSettings: false,
  async run(argv, context) {
    try {
      return await runHtpasswd(argv, context);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const isMistake = error instanceof ControlMistake;
      if (!isMistake && code === undefined) throw error;
      context.terminal.tell(`vivarium htpasswd: ${message}\n`);
      return isMistake ? MISUSED : FAILED;
    }
  },
};

async function runHtpasswd(argv: readonly string[], context: CommandContext): Promise<number> {
  const { file, user, form, switches } = readArguments(argv, context.cwd);
  const content = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const { terminal } = context;
  const isThere = content.split('\n').some((line) => line.startsWith(form.prefix));
  if (!isThere && (switches.has('delete') || switches.has('verify'))) {
    terminal.tell(`vivarium htpasswd: ${file} has no user ${form.name}\n`);
    return FAILED;
  }
  if (switches.has('delete')) {
    replaceFile(file, withLines(content, form.prefix, []), READABLE_BY_GROUP);
    terminal.print(`deleted ${user}\n`);
    return OK;
  }
  const password = await readPassword(context, switches);
  if (password === null) return FAILED;
  if (switches.has('verify')) {
    const isRight = form.isRight(content, password);
    terminal.print(isRight ? `the password of ${user} is right\n` : `the password of ${user} is wrong\n`);
    return isRight ? OK : FAILED;
  }
  replaceFile(file, withLines(content, form.prefix, form.lines(password)), READABLE_BY_GROUP);
  terminal.print(`${isThere ? 'changed' : 'added'} ${user}\n`);
  return OK;
}

/** Throws ControlMistake. */
function readArguments(
  argv: readonly string[],
  cwd: string,
): { file: string; user: string; form: FileForm; switches: ReadonlySet<string> } {
  const flags: string[] = [];
  const names: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const argument = argv[i]!;
    if (!argument.startsWith('-')) names.push(argument);
    else if (VALUED.has(argument)) flags.push(argument, argv[++i] ?? '');
    else flags.push(argument);
  }
  const options = readControlOptions(flags, SWITCHES);
  const [file, user, surplus] = names;
  if (surplus !== undefined || file === undefined || user === undefined) {
    const password =
      surplus === undefined ? '' : '; a password never stands in a command, where others can see it';
    throw new ControlMistake(`found ${names.length} arguments; allowed: FILE USER${password}`);
  }
  if (!USER.test(user))
    throw new ControlMistake(
      `USER: found ${JSON.stringify(user)}; allowed: a name without colons and control characters`,
    );
  if (options.switches.has('delete') && options.switches.has('verify'))
    throw new ControlMistake('found --delete and --verify; allowed: one of them');
  return { file: resolve(cwd, file), user, form: formOf(user, options), switches: options.switches };
}

/** Null: nobody has said one that can be used. */
async function readPassword(
  { terminal }: CommandContext,
  switches: ReadonlySet<string>,
): Promise<Buffer | null> {
  const isNew = !switches.has('verify');
  const fromInput = switches.has('stdin');
  const password = fromInput ? terminal.readFirstLine() : await terminal.readSecret('Password: ');
  const refuse = (why: string) => {
    terminal.tell(`vivarium htpasswd: ${why}\n`);
    return null;
  };
  if (password === null)
    return refuse('no terminal to ask for a password; --stdin reads one from standard input');
  if (password === '' || /\p{Cc}/u.test(password))
    return refuse('found an empty password, or one with control characters, which nobody could send');
  if (isNew && !fromInput && (await terminal.readSecret('Once more: ')) !== password)
    return refuse('the two passwords are not the same');
  return Buffer.from(password, 'utf8');
}
