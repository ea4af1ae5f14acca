/** How a stack is started, for the page: the same commands and files, with words in place of this machine's paths. */
import { homedir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { CASES } from './cases.ts';
import type { Job, Launch, Peer } from './peers/peer.ts';
import type { StackSetup } from './report.ts';

const REPOSITORY = fileURLToPath(new URL('..', import.meta.url));

const DIRECTORIES = { directory: 'DIRECTORY', appsDirectory: 'APPS', staticDirectory: 'STATIC' };

/** The first case a stack serves stands for all: another one changes the module's name alone. */
export function setupOf(peer: Peer): StackSetup {
  const test = CASES.find((each) => peer.serves(each))!;
  const job: Job = { ...DIRECTORIES, test, port: 8000, portBehind: 4000, backlog: 4096 };
  return { stack: peer.name, version: peer.version(), launch: withoutPaths(peer.start(job)) };
}

function withoutPaths({ commands, files = {} }: Launch): Launch {
  const clean = (text: string) => text.replaceAll(REPOSITORY, '').replaceAll(homedir(), '~');
  return {
    commands: commands.map((command) => command.map(clean)),
    files: Object.fromEntries(Object.entries(files).map(([name, text]) => [name, clean(text)])),
  };
}
