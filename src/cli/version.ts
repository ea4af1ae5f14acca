/** `vivarium version`. */
import { readFileSync } from 'node:fs';
import { type Command, OK } from './command.ts';

export const version: Command = {
  name: 'version',
  usage: '',
  summary: 'print the version',
  description: ['Prints the version of vivarium and of the Node.js that runs it.'],
  switches: {},
  takesSettings: false,
  async run(_argv, { terminal }) {
    terminal.print(`vivarium ${readVersion()} (Node.js ${process.versions.node})\n`);
    return OK;
  },
};

/** package.json is beside src/ and dist/. */
function readVersion(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
