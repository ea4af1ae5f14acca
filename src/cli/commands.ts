/** Every command, and the choice among them. */
import { closest } from '../base/closest.ts';
import { check } from './check.ts';
import { type Command, type CommandContext, MISUSED, OK } from './command.ts';
import { dev } from './dev.ts';
import { events } from './events.ts';
import { formatCommandHelp, formatOverview } from './help.ts';
import { htpasswd } from './htpasswd.ts';
import { ps } from './ps.ts';
import { purge } from './purge.ts';
import { reload } from './reload.ts';
import { replay } from './replay.ts';
import { restart } from './restart.ts';
import { routes } from './routes.ts';
import { scale } from './scale.ts';
import { serve } from './serve.ts';
import { sign } from './sign.ts';
import { status } from './status.ts';
import { stop } from './stop.ts';
import { top } from './top/top.ts';
import { upstreams } from './upstreams.ts';
import { version } from './version.ts';
import { workers } from './workers.ts';

const help: Command = {
  name: 'help',
  usage: '[COMMAND]',
  summary: 'explain a command',
  description: ['Explains a command, or lists them all.'],
  switches: {},
  takesSettings: false,
  async run([name], { terminal }) {
    const command = name === undefined ? null : findCommand(name);
    if (command === undefined) return refuse(name!, terminal.tell);
    terminal.print(
      command === null ? formatOverview(commands, terminal) : formatCommandHelp(command, terminal),
    );
    return OK;
  },
};

const commands: readonly Command[] = [
  serve,
  dev,
  check,
  routes,
  status,
  workers,
  ps,
  events,
  top,
  reload,
  restart,
  scale,
  purge,
  upstreams,
  stop,
  replay,
  htpasswd,
  sign,
  version,
  help,
];

/** What people also type. */
const ALIASES: Readonly<Record<string, string>> = { '--version': 'version', '--help': 'help', '-h': 'help' };

/** Runs `vivarium ARGV…`. Returns the exit status. */
export async function runCommandLine(argv: readonly string[], context: CommandContext): Promise<number> {
  const [name = 'help', ...rest] = argv;
  const command = findCommand(ALIASES[name] ?? name);
  if (command === undefined) return refuse(name, context.terminal.tell);
  if (asksForHelp(rest)) {
    context.terminal.print(formatCommandHelp(command, context.terminal));
    return OK;
  }
  const takesFlags = command.takesSettings || Object.keys(command.switches).length > 0;
  const surplus = takesFlags ? [] : rest.slice(command === help ? 1 : 0);
  if (surplus.length > 0) {
    const found = `vivarium ${command.name}: found ${JSON.stringify(surplus[0])}`;
    context.terminal.tell(`${found}; usage: vivarium ${[command.name, command.usage].join(' ').trim()}\n`);
    return MISUSED;
  }
  return command.run(rest, context);
}

function asksForHelp(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  const flags = end < 0 ? argv : argv.slice(0, end);
  return flags.includes('--help') || flags.includes('-h');
}

function findCommand(name: string): Command | undefined {
  return commands.find((command) => command.name === name);
}

function refuse(name: string, tell: (text: string) => void): number {
  const names = commands.map((command) => command.name);
  const meant = closest(name, names);
  const hint = meant === null ? `allowed: ${names.join(', ')}` : `did you mean ${meant}?`;
  tell(`vivarium: no such command: ${JSON.stringify(name)}; ${hint}\n`);
  return MISUSED;
}
