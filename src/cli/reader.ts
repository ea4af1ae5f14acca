/**
 * The reader process: reads the configuration for the server (reader-handle.ts is the other end) and ends, and with it
 * the memory that the settings and their libraries take, which a server that runs for months needs for a moment.
 */
import type { Configuration } from '../config/configuration.ts';
import type { Instance } from '../config/instance.ts';
import { readConfiguration } from './read-configuration.ts';

export interface ReadRequest {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly instance: Instance;
  readonly isDev: boolean;
}

export type ReadResult =
  | { readonly configuration: Configuration; readonly warnings: readonly string[] }
  | { readonly mistakes: readonly string[] };

/** Answers one request. */
export async function runReader(): Promise<void> {
  // Nobody waits for the answer any more.
  process.once('disconnect', () => process.exit());
  const { promise: asked, resolve } = Promise.withResolvers<ReadRequest>();
  process.once('message', resolve);
  const { argv, cwd, instance, isDev } = await asked;
  const context = { environment: process.env, cwd, instance };
  const { result } = await readConfiguration(argv, [], context, { isDev });
  await new Promise((sent) => process.send!(answerOf(result), sent));
}

function answerOf(result: Awaited<ReturnType<typeof readConfiguration>>['result']): ReadResult {
  if ('mistakes' in result) return result;
  const { configuration, warnings } = result;
  return { configuration, warnings };
}
