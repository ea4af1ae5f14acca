/** `vivarium sign`: makes links that signed-links lets through. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseSecrets, SECRET_CHARACTERS_MIN, signLink } from '../base/signed-link.ts';
import { seconds } from '../config/value-types.ts';
import { type Command, type CommandContext, FAILED, MISUSED, OK } from './command.ts';
import { ControlMistake, readControlOptions } from './control-options.ts';

const SWITCHES = {
  'secret-file FILE': 'the file that signed-links names; the first secret in it is used',
  'expires TIME': 'how long the link is good: 90s, 15m, 12h, or never (default: 1h)',
};
const NEVER = 'never';
const lifetime = seconds();

export const sign: Command = {
  name: 'sign',
  usage: 'URL --secret-file FILE [--expires TIME]',
  summary: 'make a link that signed-links lets through',
  description: [
    'Prints URL with its expiry and a signature. URL may be whole, or a path with or without a query.',
  ],
  switches: SWITCHES,
  takesSettings: false,
  async run(argv, context) {
    try {
      context.terminal.print(`${signedUrl(argv, context)}\n`);
      return OK;
    } catch (error) {
      const isMistake = error instanceof ControlMistake;
      if (!isMistake && (error as NodeJS.ErrnoException).code === undefined) throw error;
      context.terminal.tell(`vivarium sign: ${(error as Error).message}\n`);
      return isMistake ? MISUSED : FAILED;
    }
  },
};

/** Throws ControlMistake, and errors of the system. */
function signedUrl(argv: readonly string[], { cwd }: CommandContext): string {
  const at = argv.findIndex(
    (one, i) => !one.startsWith('-') && !/^--(secret-file|expires)$/.test(argv[i - 1] ?? ''),
  );
  const { values } = readControlOptions(
    argv.filter((_, i) => i !== at),
    SWITCHES,
  );
  const url = at < 0 ? undefined : URL.parse(argv[at]!, 'http://any.invalid');
  if (!url || !/^https?:$/.test(url.protocol)) {
    const found = at < 0 ? 'no URL' : JSON.stringify(argv[at]);
    throw new ControlMistake(`found ${found}; allowed: URL, such as https://example.org/file or /file`);
  }
  const file = values.get('secret-file');
  if (file === undefined) throw new ControlMistake('found no --secret-file; allowed: --secret-file FILE');
  const [secret] = parseSecrets(readFileSync(resolve(cwd, file), 'utf8'));
  if (secret === undefined)
    throw new ControlMistake(
      `${file}: found no secret; allowed: lines of at least ${SECRET_CHARACTERS_MIN} characters`,
    );
  const link = signLink(`${url.pathname}${url.search}`, secret, expiryOf(values.get('expires') ?? '1h'));
  return url.host === 'any.invalid' ? link : `${url.origin}${link}`;
}

function expiryOf(text: string): number | null {
  if (text === NEVER) return null;
  const parsed = lifetime.schema.safeParse(lifetime.fromText(text));
  if (!parsed.success)
    throw new ControlMistake(
      `--expires: found ${JSON.stringify(text)}; allowed: ${lifetime.allowed}, or ${NEVER}`,
    );
  return Date.now() + parsed.data * 1_000;
}
