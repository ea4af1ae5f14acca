/**
 * Process entry: the command line, which becomes the supervisor, or what it starts with an argument that nobody types:
 * a gateway, or a reader of the configuration. Each loads only its own modules.
 *
 * The one file in JavaScript: what takes the types off TypeScript needs 10 MB and is not loaded while all TypeScript is found
 * in the compile cache, which a file that opens it is too early for.
 */
import { enableCompileCache } from 'node:module';
import { userInfo } from 'node:os';
import { join } from 'node:path';

useCompileCache();
if (process.argv[2] === 'vivarium-gateway') {
  const { runGateway } = await import('./gateway/main.ts');
  await runGateway();
  // Connections and files that are still open must not keep it alive.
  process.exit();
} else if (process.argv[2] === 'vivarium-reader') {
  const { runReader } = await import('./cli/reader.ts');
  await runReader();
  process.exit();
} else {
  const { runCli } = await import('./cli/main.ts');
  process.exitCode = await runCli();
}

/**
 * Compiled code is kept in the home directory of the user we are, by number and not by $HOME: in a directory that
 * others can write they could plant code, and Node's own choice is below /tmp. Without a home nothing is kept.
 */
function useCompileCache() {
  try {
    enableCompileCache(join(userInfo().homedir, '.cache/vivarium'));
  } catch {
    // No entry for this user: it only starts a little slower.
  }
}
