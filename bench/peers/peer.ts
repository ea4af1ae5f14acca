/**
 * The shape of every stack that is measured. A stack gets one process that runs Python and, where it has threads,
 * THREADS of them; access logs are off, keep-alive is on, and the rest is tuned as an expert would.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Case } from '../cases.ts';

export const THREADS = 8;

/** Debian's own, which has Flask and Django beside it; every stack runs the applications with it. */
export const PYTHON = '/usr/bin/python3';

/** One start of a stack. */
export interface Job {
  readonly test: Case;
  readonly port: number;
  /** Of the server behind the one in front, where there are two that talk over TCP; else 0. */
  readonly portBehind: number;
  /** The stack's own directory, for sockets and configuration files. */
  readonly directory: string;
  /** Copies of bench/apps, and the files served at /static. Everyone may read them. */
  readonly appsDirectory: string;
  readonly staticDirectory: string;
  /** Largest accept backlog the kernel allows. */
  readonly backlog: number;
}

export interface Launch {
  /** The processes of the stack, without a shell. The first is the one that listens on the port. */
  readonly commands: readonly (readonly string[])[];
  /** Servers behind the stack: they run on the core of the load generator, and are not measured. */
  readonly behind?: readonly (readonly string[])[];
  /** Configuration files by name, written to the job's directory. */
  readonly files?: Readonly<Record<string, string>>;
}

export interface Peer {
  readonly name: string;
  serves(test: Case): boolean;
  /** Why this stack cannot be measured on this machine, or null. */
  missing(): string | null;
  version(): string;
  start(job: Job): Launch;
}

export const isApplication = (test: Case): boolean => test.source !== 'static';

/** For servers that run an application and do no more to its answers. */
export const isPlainApplication = (test: Case): boolean =>
  isApplication(test) &&
  test.gzip !== true &&
  test.cached !== true &&
  test.proxied !== true &&
  test.between === undefined &&
  test.sites === undefined &&
  test.http2Streams === undefined &&
  test.tls === undefined;

/** For servers with one thread, for which the slow URL is not a fair question. */
export const isSingleThreaded = (test: Case): boolean => isPlainApplication(test) && test.kind !== 'mixed';

export function isInstalled(command: string): boolean {
  if (command.includes('/')) return existsSync(command);
  return (process.env.PATH ?? '').split(delimiter).some((directory) => existsSync(join(directory, command)));
}

/** null when all are there, otherwise the sentence that says which are not. */
export function missingCommands(...commands: readonly string[]): string | null {
  const absent = commands.filter((command) => !isInstalled(command));
  return absent.length === 0 ? null : `not installed: ${absent.join(', ')}`;
}

/** The first thing that looks like a version in what a command prints (nginx prints it on stderr). */
export function versionPrinted(command: string, ...args: readonly string[]): string {
  const output = execFileSync('/bin/sh', ['-c', '"$@" 2>&1', 'sh', command, ...args], { encoding: 'utf8' });
  return /\d+(\.\d+)+/.exec(output)?.[0] ?? 'unknown';
}

export function packageVersion(python: string, name: string): string | null {
  if (!existsSync(python)) return null;
  const program = 'import importlib.metadata as m, sys; print(m.version(sys.argv[1]))';
  try {
    return execFileSync(python, ['-c', program, name], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return null;
  }
}
