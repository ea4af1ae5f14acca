/** `vivarium serve`: hosts the application until it is told to stop. */
import { formatBanner } from './banner.ts';
import { type Command, type CommandContext, MISUSED } from './command.ts';
import { formatMistakes, formatWarnings } from './format-mistakes.ts';
import { readBesides } from './reader-handle.ts';

export const serve: Command = {
  name: 'serve',
  usage: '[TARGET] [options]',
  summary: 'serve a Python web application',
  description: [
    'TARGET is a script (wsgi.py), a module (package.module, package.module:callable) or a directory, in which' +
      ' vivarium.toml, pyproject.toml with [tool.vivarium], a Django project, wsgi.py, app.py and main.py are' +
      ' looked for. Without TARGET it is the current directory.',
    'Ctrl-C and SIGTERM stop the server when the running requests are answered; SIGHUP reloads the application.',
  ],
  switches: {},
  takesSettings: true,
  run: (argv, context) => runServer(argv, context, { isDev: false }),
};

/** `vivarium serve` and `vivarium dev` differ in their defaults alone. */
export async function runServer(
  argv: readonly string[],
  { terminal, environment, cwd, instance }: CommandContext,
  { isDev }: { readonly isDev: boolean },
): Promise<number> {
  const read = () => readBesides({ argv, cwd, instance, isDev }, environment);
  const [result, { runSupervisor }] = await Promise.all([read(), import('../supervisor/supervisor.ts')]);
  if ('mistakes' in result) {
    terminal.tell(
      `vivarium: ${formatMistakes(result.mistakes)}Nothing was started. See vivarium ${isDev ? 'dev' : 'serve'} --help.\n`,
    );
    return MISUSED;
  }
  const { configuration, warnings } = result;
  terminal.tell(formatWarnings(warnings));
  return runSupervisor(configuration, {
    onServing: (urls, adminUrls) => terminal.tell(formatBanner(configuration, urls, adminUrls)),
    readConfiguration: async () => {
      const again = await read();
      if ('mistakes' in again) throw new Error(formatMistakes(again.mistakes).trimEnd());
      return again.configuration;
    },
  });
}
