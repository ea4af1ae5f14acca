/** PHP-FPM with one process, of a name that says its version. */
import { globSync } from 'node:fs';
import { basename } from 'node:path';
import { IS_ROOT, type Owner, type Peer, skipWithout, startPeer } from './peer.ts';

const COMMAND = basename(globSync('/usr/sbin/php-fpm*')[0] ?? 'php-fpm');
export const NO_PHP_FPM = skipWithout(COMMAND);

/** Listens on `php-fpm.sock` in its folder, where the other files are, too. */
export function startPhpFpm(owner: Owner, files: Readonly<Record<string, string>> = {}): Promise<Peer> {
  return startPeer(owner, {
    command: COMMAND,
    args: (folder) => ['-n', '-F', '-O', ...(IS_ROOT ? ['-R'] : []), '-y', `${folder}/php-fpm.conf`],
    files: (folder) => ({ 'php-fpm.conf': configuration(folder), ...files }),
    ready: 'php-fpm.sock',
  });
}

function configuration(folder: string): string {
  return `
[global]
error_log = ${folder}/error.log
[www]
listen = ${folder}/php-fpm.sock
${IS_ROOT ? 'user = root\ngroup = root' : ''}
pm = static
pm.max_children = 1
ping.path = /ping
php_flag[log_errors] = on
`;
}
