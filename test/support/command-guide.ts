/**
 * The servers that docs/guide/commands.md prints a command for, with everything that runs them as it is printed: the
 * programs of the guide, and a shop that counts what it is asked (CountingLoad).
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { makeFolder } from './folder.ts';
import { skipWithout } from './peers/peer.ts';
import { APPS, ROOT, type Server, startServer } from './vivarium.ts';

const GUIDE = readFileSync(`${ROOT}docs/guide/commands.md`, 'utf8');
/** What Debian's packages install. */
const PROGRAMS = '/usr/bin';
const LIBRARIES = '/usr/lib/python3/dist-packages';

export interface GuideServer {
  readonly name: string;
  readonly command: string;
  /** Lines for the file, beside the command. */
  readonly settings: string;
}

/** The rows of its table. */
export const GUIDE_SERVERS: readonly GuideServer[] = Array.from(
  GUIDE.split('| server | `command` | other settings |')[1]!
    .split('\n\n', 1)[0]!
    .matchAll(/^\| (.+?) \| `(.+?)` \| (.*)\|$/gm),
  ([, name, command, settings]) => ({
    name: name!,
    command: command!,
    settings: Array.from(settings!.matchAll(/`(.+?)`/g), ([, setting]) => setting).join('\n'),
  }),
);

/** The programs that it prints, by the name in their first line. */
const GUIDE_PROGRAMS = Object.fromEntries(
  Array.from(GUIDE.matchAll(/^```python\n# (\w+\.py)\n(.*?)^```/gms), ([, name, text]) => [name, text]),
);

/** The first of its files, and the one with a table. */
export const [GUIDE_FILE, GUIDE_TABLE] = Array.from(
  GUIDE.matchAll(/^```toml\n(.*?)^```/gms),
  ([, text]) => text!,
) as [string, string];

/** `node server.js --port 8000`: test/apps/counting.py as a server of its own. */
const COUNTING_SERVER = `
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';

createServer(({ url }, response) => {
  const id = new URL(url, 'http://localhost').searchParams.get('id');
  appendFileSync(process.env.COUNT_FILE, id + ' ' + process.pid + '\\n');
  response.end(id);
}).listen(Number(process.argv[3]), '127.0.0.1');
`;

const SHOP = {
  'chat.py': 'from counting_asgi import app\n',
  'shop/__init__.py': '',
  'shop/wsgi.py': 'from counting import application\n',
  'shop/asgi.py': 'from counting_asgi import app\n',
  'shop/web.py': 'from counting_tornado import app\n',
  'server.js': COUNTING_SERVER,
};

/** Why it cannot be run here; false when it can. */
export function skipCommand({ name, command }: GuideServer): string | false {
  const [program] = command.split(' ');
  if (program === 'node') return false;
  if (program === 'python3') return skipWithout(`${LIBRARIES}/${name}`);
  if (program === 'uwsgi')
    return skipWithout(`${PROGRAMS}/uwsgi`, '/usr/lib/uwsgi/plugins/python3_plugin.so');
  return skipWithout(`${PROGRAMS}/${program}`);
}

interface Owner {
  after(then: () => unknown): void;
}

export interface CountedServer {
  readonly server: Server;
  readonly countFile: string;
}

/** `vivarium serve` with the file that the row makes, once it has a process that is ready. */
export async function startGuideServer(
  t: Owner,
  { command, settings }: Pick<GuideServer, 'command' | 'settings'>,
): Promise<CountedServer> {
  const started = await startShop(t, `command = ${JSON.stringify(command)}\n${settings}\n`);
  await started.server.waitForOutput(/worker-started: worker 1 /);
  return started;
}

/** The same with any file; `/srv/chat` is the shop, too. */
export async function startShop(t: Owner, file: string): Promise<CountedServer> {
  const folder = makeFolder(t, { ...SHOP, ...GUIDE_PROGRAMS });
  const placed = file
    .replaceAll('/srv/chat', folder)
    .replace('user = "chat"', `user = "${userInfo().username}"`);
  const countFile = `${folder}/count`;
  const environment = Object.entries({ COUNT_FILE: countFile, PYTHONPATH: APPS, UWSGI_PLUGIN: 'python3' });
  // For the table that it ends with; the flags are for the application at its top.
  const setenv = `setenv = { ${environment.map(([name, value]) => `${name} = "${value}"`).join(', ')} }\n`;
  writeFileSync(`${folder}/vivarium.toml`, `${placed}${setenv}`);
  const server = await startServer(
    [
      // Debian's, whose packages the servers are.
      ...['--python', '/usr/bin/python3', '--no-access-log'],
      ...environment.flatMap(([name, value]) => ['--setenv', name, value]),
    ],
    { cwd: folder },
  );
  t.after(() => server.stop());
  return { server, countFile };
}
