/** `vivarium upstreams`: how the servers of `proxy` routes do, and what is to become of one. */
import type { UpstreamReport, UpstreamServerReport } from '../control/messages.ts';
import type { ControlRequest } from '../control/protocol.ts';
import type { Command } from './command.ts';
import { control, printable } from './control-command.ts';
import { CONTROL_SWITCHES, ControlMistake, takeArgument } from './control-options.ts';
import { type Column, formatTable } from './table.ts';

const STATES = { drain: 'draining', disable: 'disabled', enable: 'up' } as const;
const WEIGHT_MAX = 10_000;

export const upstreams: Command = {
  name: 'upstreams',
  usage: '[NAME] [drain|disable|enable SERVER|weight SERVER N] [options]',
  summary: 'list the servers behind proxy routes, or change one',
  description: [
    'drain: the server finishes its requests and gets no new clients; those that a cookie brings back still come.' +
      ' disable: it gets no more requests at all. enable takes both back. weight changes its part. Without NAME a' +
      ' change is made in all upstreams that have the server.',
    'Changes outlive a reload; they last until the server is stopped.',
  ],
  switches: CONTROL_SWITCHES,
  takesSettings: false,
  run(argv, context) {
    const { words, options } = splitArguments(argv);
    return control(upstreams, options, context, {
      request: () => upstreamsRequest(words),
      print: (answer) => context.terminal.print(format(answer.upstreams ?? [])),
      json: (answer) => answer.upstreams ?? [],
    });
  },
};

function splitArguments(argv: readonly string[]): { words: string[]; options: readonly string[] } {
  const words: string[] = [];
  let options = argv;
  for (;;) {
    const [word, rest] = takeArgument(options);
    if (word === null) return { words, options };
    words.push(word);
    options = rest;
  }
}

/** Throws ControlMistake. */
export function upstreamsRequest(words: readonly string[]): ControlRequest {
  const isAction = (word: string | undefined) => word !== undefined && (word === 'weight' || word in STATES);
  const name = words.length > 0 && !isAction(words[0]) ? words[0]! : null;
  const [action, server, weight, ...surplus] = name === null ? words : words.slice(1);
  const request = { command: 'upstreams', upstream: name } as const;
  if (action === undefined) return { ...request, change: null };
  const allowed = 'allowed: drain, disable or enable and a server, or weight, a server and a number';
  if (!isAction(action)) throw new ControlMistake(`found ${JSON.stringify(action)}; ${allowed}`);
  if (server === undefined) throw new ControlMistake(`found ${action} without a server; ${allowed}`);
  if (action !== 'weight') {
    if (weight !== undefined) throw new ControlMistake(`found ${JSON.stringify(weight)}; ${allowed}`);
    const state = STATES[action as keyof typeof STATES];
    return { ...request, change: { server, change: { state } } };
  }
  const number = /^\d{1,5}$/.test(weight ?? '') ? Number(weight) : 0;
  if (number < 1 || number > WEIGHT_MAX || surplus.length > 0)
    throw new ControlMistake(
      `found ${JSON.stringify(weight ?? '')}; allowed: a whole number from 1 to ${WEIGHT_MAX}`,
    );
  return { ...request, change: { server, change: { weight: number } } };
}

type Row = UpstreamServerReport & Pick<UpstreamReport, 'upstream' | 'queued'>;

const COLUMNS: readonly Column<Row>[] = [
  { title: 'UPSTREAM', value: ({ upstream }) => printable(upstream), isText: true },
  { title: 'SERVER', value: ({ server }) => printable(server), isText: true },
  { title: 'STATE', value: ({ state, isBackup }) => `${state}${isBackup ? ', backup' : ''}`, isText: true },
  { title: 'WEIGHT', value: ({ weight }) => String(weight) },
  { title: 'IN FLIGHT', value: ({ busy }) => String(busy) },
  { title: 'QUEUED', value: ({ queued }) => String(queued) },
  { title: 'IDLE', value: ({ idleConnections }) => String(idleConnections) },
  { title: 'REQUESTS', value: ({ requests }) => String(requests) },
  { title: 'FAILED', value: ({ failures }) => String(failures) },
];

function format(reports: readonly UpstreamReport[]): string {
  const rows = reports.flatMap(({ upstream, queued, servers }) =>
    servers.map((server): Row => ({ ...server, upstream, queued })),
  );
  if (rows.length === 0) return 'There are no servers behind this one.\n';
  return formatTable(COLUMNS, rows)
    .map((line) => `${line}\n`)
    .join('');
}
