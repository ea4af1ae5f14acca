/** Which logs are files in the log directory: they are made by the supervisor, which may be root, and rotated by it. */
import { dirname, join } from 'node:path';
import type { LogSettings } from '../../config/configuration.ts';

export function logFiles(logs: LogSettings): string[] {
  return logs.directory === null ? [] : [join(logs.directory, 'error_log'), ...accessLogFiles(logs)];
}

/** A file elsewhere is the business of whoever named it. */
export function accessLogFiles({ directory, accessLog, accessLogs }: LogSettings): string[] {
  if (directory === null) return [];
  const further = accessLogs.flatMap(({ target }) =>
    target.kind === 'file' && dirname(target.path) === directory ? [target.path] : [],
  );
  return [...new Set([...(accessLog ? [join(directory, 'access_log')] : []), ...further])];
}
