/** What a reload cannot change, because a running server holds it. */
import { isDeepStrictEqual } from 'node:util';
import type { Configuration } from '../config/configuration.ts';

const FIXED: Readonly<Record<string, (configuration: Configuration) => string | null>> = {
  'server-root': ({ serverRoot }) => serverRoot,
  'pid-file': ({ pidFile }) => pidFile,
  user: ({ user }) => user,
  group: ({ group }) => group,
  'log-directory': ({ logs }) => logs.directory,
};

/** A sentence for the operator; null when the new configuration can be taken over. */
export function unchangeable(running: Configuration, wanted: Configuration): string | null {
  const changed = Object.entries(FIXED).filter(([, find]) => !isDeepStrictEqual(find(running), find(wanted)));
  if (changed.length === 0) return null;
  const changes = changed.map(
    ([name, find]) => `${name} from ${find(running) ?? 'none'} to ${find(wanted) ?? 'none'}`,
  );
  return `a running server cannot change ${changes.join(', ')}: stop it and start it anew`;
}
