/** `vivarium check`: validates, and shows the effective configuration and where each value came from. */
import type { Loaded } from '../config/load.ts';
import { describeOrigin } from '../config/origin.ts';
import type { Entry } from '../config/resolve.ts';
import { groups, settings } from '../config/settings/table.ts';
import { type Command, type CommandContext, MISUSED, OK } from './command.ts';
import { formatMistakes, formatWarnings } from './format-mistakes.ts';
import { readConfiguration } from './read-configuration.ts';
import { styled, type Terminal } from './terminal.ts';

export const check: Command = {
  name: 'check',
  usage: '[TARGET] [options]',
  summary: 'check the configuration and show where each value came from',
  description: [
    'Takes the same TARGET and options as vivarium serve, starts nothing, and prints what would be in effect.' +
      ' Exit status 0 means that the configuration can be used, 2 that it has mistakes.',
  ],
  switches: { json: 'print JSON', dev: 'what vivarium dev would use' },
  takesSettings: true,
  run: runCheck,
};

async function runCheck(argv: readonly string[], context: CommandContext): Promise<number> {
  const { terminal } = context;
  const { switches, result } = await readConfiguration(argv, Object.keys(check.switches), context);
  const asJson = switches.has('json');
  if ('mistakes' in result) {
    if (asJson) terminal.print(toJson({ mistakes: result.mistakes }));
    else terminal.tell(`vivarium: ${formatMistakes(result.mistakes)}`);
    return MISUSED;
  }
  if (asJson) {
    const { configuration, entries, named, warnings } = result;
    const applications = Object.fromEntries(named.map((one) => [one.name, one.entries.map(describeEntry)]));
    const settings = entries.map(describeEntry);
    terminal.print(toJson({ mistakes: [], warnings, settings, applications, configuration }));
  } else {
    terminal.tell(formatWarnings(result.warnings));
    terminal.print(formatAll(result, terminal));
  }
  return OK;
}

function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function describeEntry({ name, key, value, origin }: Entry) {
  return { name, ...(key === null ? {} : { key }), value, source: origin.kind, from: describeOrigin(origin) };
}

/** A row for each value; a list has one for each item. */
interface Row {
  readonly label: string;
  readonly value: string;
  readonly from: string;
  readonly isDefault: boolean;
}

/** Values wider than this do not push the last column to the right for all. */
const VALUE_WIDTH_MAX = 48;

function formatAll({ entries, named, configuration }: Loaded, terminal: Terminal): string {
  const { applications } = configuration;
  const versionOf = (name: string) => applications.find((one) => one.name === name)?.interpreterVersion ?? '';
  const isMain = ({ name }: { name: string }) => !named.some((one) => one.name === name);
  const main = applications.find(isMain)?.interpreterVersion ?? '';
  const tables = named.map(
    ({ name, entries }) =>
      `\n${styled(terminal, 'bold', `[applications.${name}]`)}\n${formatEntries(entries, versionOf(name), terminal)}`,
  );
  return [formatEntries(entries, main, terminal), ...tables].join('');
}

function formatEntries(entries: readonly Entry[], version: string, terminal: Terminal): string {
  const sections = groups
    .map(({ title, settings: own }) => ({
      title,
      rows: entries.filter(({ name }) => Object.hasOwn(own, name)).flatMap((entry) => rowsOf(entry, version)),
    }))
    .filter(({ rows }) => rows.length > 0);
  const rows = sections.flatMap((section) => section.rows);
  const labelWidth = Math.max(...rows.map(({ label }) => label.length));
  const valueWidth = Math.min(VALUE_WIDTH_MAX, Math.max(...rows.map(({ value }) => value.length)));
  const format = ({ label, value, from, isDefault }: Row) => {
    const line = `  ${label.padEnd(labelWidth)}  ${value.padEnd(valueWidth)}  ${from}`;
    return isDefault ? styled(terminal, 'dim', line) : line;
  };
  return sections
    .map(({ title, rows }) => `${styled(terminal, 'bold', title)}\n${rows.map(format).join('\n')}\n`)
    .join('\n');
}

function rowsOf({ name, key, value, origin }: Entry, interpreterVersion: string): Row[] {
  const { type, shape } = settings[name];
  const from = describeOrigin(origin);
  const isDefault = origin.kind === 'default';
  const row = (text: string): Row => ({
    label: key === null ? name : `${name} ${key}`,
    value: name === 'python' ? `${text} (${interpreterVersion})` : text,
    from,
    isDefault,
  });
  return shape === 'list'
    ? (value as unknown[]).map((item) => row(type.format(item)))
    : [row(type.format(value))];
}
