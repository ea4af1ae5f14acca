/** Every command, and the choice among them. */
import { closest } from '../base/closest.ts';
import { type Command, type CommandContext, MISUSED, OK } from './command.ts';

/** Only the one that is asked for is loaded: `serve` stays for months. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  serve: async () => (await import('./serve.ts')).serve,
  dev: async () => (await import('./dev.ts')).dev,
  check: async () => (await import('./check.ts')).check,
  routes: async () => (await import('./routes.ts')).routes,
  status: async () => (await import('./status.ts')).status,
  workers: async () => (await import('./workers.ts')).workers,
  ps: async () => (await import('./ps.ts')).ps,
  events: async () => (await import('./events.ts')).events,
  top: async () => (await import('./top/top.ts')).top,
  reload: async () => (await import('./reload.ts')).reload,
  restart: async () => (await import('./restart.ts')).restart,
  scale: async () => (await import('./scale.ts')).scale,
  purge: async () => (await import('./purge.ts')).purge,
  upstreams: async () => (await import('./upstreams.ts')).upstreams,
  stop: async () => (await import('./stop.ts')).stop,
  replay: async () => (await import('./replay.ts')).replay,
  htpasswd: async () => (await import('./htpasswd.ts')).htpasswd,
  sign: async () => (await import('./sign.ts')).sign,
  version: async () => (await import('./version.ts')).version,
  help: async () => help,
};

const help: Command = {
  name: 'help',
  usage: '[COMMAND]',
  summary: 'explain a command',
  description: ['Explains a command, or lists them all.'],
  switches: {},
  takesSettings: false,
  async run([name], { terminal }) {
    const { formatCommandHelp, formatOverview } = await import('./help.ts');
    const command = name === undefined ? null : await findCommand(name);
    if (command === undefined) return refuse(name!, terminal.tell);
    const all = () => Promise.all(Object.values(COMMANDS).map((load) => load()));
    terminal.print(
      command === null ? formatOverview(await all(), terminal) : formatCommandHelp(command, terminal),
    );
    return OK;
  },
};

/** What people also type. */
const ALIASES: Readonly<Record<string, string>> = { '--version': 'version', '--help': 'help', '-h': 'help' };

/** Runs `vivarium ARGV…`. Returns the exit status. */
export async function runCommandLine(argv: readonly string[], context: CommandContext): Promise<number> {
  const [name = 'help', ...rest] = argv;
  const command = await findCommand(ALIASES[name] ?? name);
  if (command === undefined) return refuse(name, context.terminal.tell);
  if (asksForHelp(rest)) {
    return help.run([command.name], context);
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

async function findCommand(name: string): Promise<Command | undefined> {
  return Object.hasOwn(COMMANDS, name) ? COMMANDS[name]!() : undefined;
}

function refuse(name: string, tell: (text: string) => void): number {
  const names = Object.keys(COMMANDS);
  const meant = closest(name, names);
  const hint = meant === null ? `allowed: ${names.join(', ')}` : `did you mean ${meant}?`;
  tell(`vivarium: no such command: ${JSON.stringify(name)}; ${hint}\n`);
  return MISUSED;
}
