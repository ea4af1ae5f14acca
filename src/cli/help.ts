/** Help, generated from the commands and the table of settings. */
import { isSwitch, type Setting } from '../config/setting.ts';
import { groups, type SettingName } from '../config/settings/table.ts';
import type { Command } from './command.ts';
import { styled, type Terminal, wrap } from './terminal.ts';

const INDENT = '  ';
/** Where the explanations begin. A longer flag has a line of its own. */
const HELP_COLUMN = 34;

export function formatOverview(commands: readonly Command[], terminal: Terminal): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const list = commands.map(({ name, summary }) => `${INDENT}${name.padEnd(width)}  ${summary}\n`).join('');
  return (
    'Usage: vivarium COMMAND [arguments]\n\n' +
    'Hosts Python web applications: web server, WSGI server and process manager in one program.\n\n' +
    `${styled(terminal, 'bold', 'Commands')}\n${list}\n` +
    'vivarium COMMAND --help explains a command. To begin: vivarium serve wsgi.py\n'
  );
}

export function formatCommandHelp(command: Command, terminal: Terminal): string {
  const { name, usage, description, switches, takesSettings } = command;
  const own = [...Object.entries(switches), ['help', 'show this help']].map(([flag, help]) =>
    formatFlag(`--${flag}`, help!, terminal.columns),
  );
  const sections = takesSettings ? groups : [];
  return [
    `Usage: vivarium ${[name, usage].filter(Boolean).join(' ')}\n`,
    ...description.map((paragraph) => `${wrap(paragraph, terminal.columns).join('\n')}\n`),
    ...sections.map(({ title, settings }) =>
      section(
        title,
        Object.entries(settings).map(([flag, setting]) =>
          formatSetting(flag, withDefault(setting, command.ownDefaults?.[flag as SettingName]), terminal),
        ),
        terminal,
      ),
    ),
    section('Other', own, terminal),
    ...(takesSettings ? [`${wrap(SOURCES, terminal.columns).join('\n')}\n`] : []),
  ].join('\n');
}

const SOURCES =
  'Each option is also a key of the configuration file and an environment variable: --threads is threads = 8' +
  ' in vivarium.toml, or in [tool.vivarium] of pyproject.toml, and VIVARIUM_THREADS. Flags beat environment' +
  ' beats file. Times are in seconds, or 500ms, 15s, 2m, 1h; sizes are in bytes, or 64k, 10m, 1g.';

function section(title: string, lines: readonly string[], terminal: Terminal): string {
  return `${styled(terminal, 'bold', title)}\n${lines.join('')}`;
}

/** The setting as a command assumes it; `undefined`: as all do. */
function withDefault(setting: Setting, own: unknown): Setting {
  return own === undefined ? setting : { ...setting, default: own, defaultText: null };
}

function formatSetting(name: string, setting: Setting, terminal: Terminal): string {
  const flag = isSwitch(setting.type) ? `--[no-]${name}` : `--${name} ${setting.placeholder}`;
  const notes = [
    ...(setting.shape === 'one' ? [] : ['repeatable']),
    ...(defaultOf(setting) === null ? [] : [`default: ${defaultOf(setting)}`]),
  ];
  const help = notes.length === 0 ? setting.help : `${setting.help} (${notes.join('; ')})`;
  return formatFlag(flag, help, terminal.columns);
}

function defaultOf({ shape, type, default: value, defaultText }: Setting): string | null {
  if (defaultText !== null) return defaultText;
  return value === null || shape !== 'one' ? null : type.format(value);
}

function formatFlag(flag: string, help: string, columns: number): string {
  const [first = '', ...rest] = wrap(help, columns - HELP_COLUMN);
  const left = `${INDENT}${flag}`;
  const margin = ' '.repeat(HELP_COLUMN);
  const head = left.length + 2 <= HELP_COLUMN ? left.padEnd(HELP_COLUMN) : `${left}\n${margin}`;
  return `${[head + first, ...rest.map((line) => margin + line)].join('\n')}\n`;
}
