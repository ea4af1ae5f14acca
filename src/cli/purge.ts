/** `vivarium purge`: caches forget answers, now. */
import type { CachePurge } from '../control/messages.ts';
import type { Command } from './command.ts';
import { control, outcomeOf } from './control-command.ts';
import { CONTROL_SWITCHES, ControlMistake, type ControlOptions, takeArgument } from './control-options.ts';

const SWITCHES = {
  'prefix URL': 'all URLs that begin so',
  'tag TAG': 'all answers with this label',
  all: 'all answers',
  ...CONTROL_SWITCHES,
};

export const purge: Command = {
  name: 'purge',
  usage: 'URL|--prefix URL|--tag TAG|--all [options]',
  summary: 'have the caches of a running server forget answers',
  description: [
    'Those of a URL, as http://example.org/news?page=2; of all URLs that begin so; those with a label that the' +
      ' application has given them (Cache-Tag or xkey); or all. When it returns, none of them is sent any more, and' +
      ' what was on its way while it was purged is not kept.',
  ],
  switches: SWITCHES,
  takesSettings: false,
  run(argv, context) {
    const [url, rest] = takeArgument(argv, SWITCHES);
    return control(purge, rest, context, {
      request: (options) => ({ command: 'purge', purge: wantedPurge(url, options) }),
      print: ({ detail }) => context.terminal.print(`purged: ${detail}\n`),
      json: outcomeOf,
    });
  },
};

/** Throws ControlMistake. */
export function wantedPurge(
  url: string | null,
  { switches, values }: Pick<ControlOptions, 'switches' | 'values'>,
): CachePurge {
  const wanted: CachePurge[] = [];
  const prefix = values.get('prefix');
  const tag = values.get('tag');
  if (url !== null) wanted.push({ kind: 'url', value: absolute(url) });
  if (prefix !== undefined) wanted.push({ kind: 'prefix', value: absolute(prefix) });
  if (tag !== undefined) wanted.push({ kind: 'tag', value: tag });
  if (switches.has('all')) wanted.push({ kind: 'all', value: '' });
  if (wanted.length === 1) return wanted[0]!;
  const found = wanted.length === 0 ? 'nothing' : `${wanted.length} of them`;
  throw new ControlMistake(`found ${found}; allowed: one of URL, --prefix URL, --tag TAG and --all`);
}

/** As answers are kept: the host in lower case, no default port, a path. */
function absolute(text: string): string {
  const url = /^https?:\/\//i.test(text) && URL.canParse(text) ? new URL(text) : null;
  if (url !== null) return `${url.protocol}//${url.host}${url.pathname}${url.search}`;
  throw new ControlMistake(`found ${JSON.stringify(text)}; allowed: a URL like http://example.org/news`);
}
