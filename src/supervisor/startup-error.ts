/** Something that keeps the server from starting and that the operator can mend. The message is for the operator. */
export class StartupError extends Error {
  override readonly name = 'StartupError';
}

/** The code of a failed system call: ENOENT, EACCES. '' for any other error. */
export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

const MEANINGS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  ENOENT: 'no such file or directory',
  ENOTDIR: 'a part of the path is not a directory',
  EEXIST: 'it already exists',
  ELOOP: 'it is a symbolic link, or there are too many in the path',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space left on the device',
  EMFILE: 'too many open files',
};

/** Words for a failed system call: "permission denied (EACCES)". */
export function reasonOf(error: unknown): string {
  const code = errorCode(error);
  const meaning = MEANINGS[code];
  if (meaning !== undefined) return `${meaning} (${code})`;
  return error instanceof Error ? error.message : String(error);
}
