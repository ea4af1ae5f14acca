/** `vivarium routes`: which site and which route answer a URL, and why. */
import { isIP } from 'node:net';
import { pathPrefix } from '../base/url-path.ts';
import type { Configuration } from '../config/configuration.ts';
import { answerNames } from '../config/sections/answers.ts';
import { featureNames } from '../config/sections/features.ts';
import type { Request } from '../exchange.ts';
import { fieldName, RequestFields } from '../fields.ts';
import { rewriting } from '../middleware/rewrite/rewriting.ts';
import { parseTarget } from '../protocols/http1/request-target.ts';
import { explain, type Step } from '../routing/explain.ts';
import { lookAtScripts } from '../supervisor/watch/wsgi-scripts.ts';
import { type Command, type CommandContext, MISUSED, OK } from './command.ts';
import { formatMistakes, formatWarnings } from './format-mistakes.ts';
import { readConfiguration } from './read-configuration.ts';

export const routes: Command = {
  name: 'routes',
  usage: '[METHOD] URL [NAME:VALUE…] [--from ADDRESS] [TARGET] [options]',
  summary: 'explain which site and route answer a URL, and why',
  description: [
    'Takes a URL like https://example.org/a?b, or a path, and with NAME:VALUE the header fields of the request, then the' +
      ' TARGET and options of vivarium serve. Asks no server: it goes by the configuration as it is now.',
  ],
  switches: { json: 'print JSON', 'from ADDRESS': 'the address of the client; 127.0.0.1 if there is none' },
  takesSettings: true,
  run: runRoutes,
};

async function runRoutes(argv: readonly string[], context: CommandContext): Promise<number> {
  const { terminal } = context;
  const asked = readRequest(argv);
  if (typeof asked === 'string') {
    terminal.tell(`vivarium routes: ${asked}\n`);
    return MISUSED;
  }
  const { switches, result } = await readConfiguration(asked.rest, ['json'], context);
  if ('mistakes' in result) {
    terminal.tell(`vivarium: ${formatMistakes(result.mistakes)}`);
    return MISUSED;
  }
  const { configuration, warnings } = result;
  const mountPoint = (name: string) =>
    configuration.applications.find((one) => one.name === name)?.mountPoint ?? scriptAt(name, configuration);
  const steps = explain(configuration, asked.request, {
    featureNames,
    answerNames,
    mountPoint,
    rewriting,
  });
  if (switches.has('json')) terminal.print(`${JSON.stringify(steps, null, 2)}\n`);
  else {
    terminal.tell(formatWarnings(warnings));
    terminal.print(steps.map(formatStep).join(''));
  }
  return OK;
}

/** A script has the name of its mount point. Null: there is none there. */
function scriptAt(name: string, { sites }: Configuration): string | null {
  const isThere = sites.some(({ wsgiDirectories }) =>
    wsgiDirectories.some(({ url, path }) => {
      const prefix = `${pathPrefix(url)}/`;
      return name.startsWith(prefix) && lookAtScripts(path).has(name.slice(prefix.length));
    }),
  );
  return isThere ? name : null;
}

function formatStep({ verdict, place, why }: Step): string {
  return `${verdict.padEnd(7)}  ${place}: ${why}\n`;
}

interface Asked {
  readonly request: Request;
  /** The arguments that are not about the request. */
  readonly rest: readonly string[];
}

const METHOD = /^[A-Z]+$/;
const FIELD = /^([\w!#$%&'*+.^`|~-]+):(?!\/\/)(.*)$/;
const PORTS: Readonly<Record<string, number>> = { http: 80, https: 443 };

/** What is wrong, as text. */
function readRequest(argv: readonly string[]): Asked | string {
  const rest = [...argv];
  const from = takeFrom(rest);
  if (isIP(from) === 0) return `--from: found ${JSON.stringify(from)}; allowed: an IP address`;
  const method = METHOD.test(rest[0] ?? '') ? rest.shift()! : 'GET';
  const url = rest.shift() ?? '';
  const [, scheme = 'http', authority = '', target = url] = /^(https?):\/\/([^/?#]*)(.*)$/i.exec(url) ?? [];
  const parsed = /^(\/|$)/.test(target) && url !== '' ? parseTarget(method, target || '/') : null;
  if (parsed === null || 'status' in parsed)
    return `found ${JSON.stringify(url)}; allowed: a URL like https://example.org/a, or a path like /a`;
  const fields = new RequestFields();
  if (authority !== '') fields.add(fieldName('Host'), authority);
  for (let field = FIELD.exec(rest[0] ?? ''); field !== null; field = FIELD.exec(rest[0] ?? '')) {
    fields.add(fieldName(field[1]!), field[2]!.trim());
    rest.shift();
  }
  const request: Request = {
    method,
    target,
    path: parsed.path,
    decodedPath: parsed.decodedPath,
    query: parsed.query,
    version: 'HTTP/1.1',
    scheme: scheme.toLowerCase() as Request['scheme'],
    authority,
    fields,
    remoteAddress: from,
    remotePort: 0,
    localAddress: '127.0.0.1',
    localPort: Number(/:(\d+)$/.exec(authority)?.[1] ?? PORTS[scheme.toLowerCase()]),
    tls: null,
    scriptName: '',
  };
  return { request, rest };
}

/** Takes `--from ADDRESS` out of the arguments. */
function takeFrom(rest: string[]): string {
  const at = rest.findIndex((argument) => argument === '--from' || argument.startsWith('--from='));
  if (at < 0) return '127.0.0.1';
  const [flag, value = ''] = rest.splice(at, rest[at] === '--from' ? 2 : 1);
  return flag === '--from' ? value : flag!.slice('--from='.length);
}
