/** Replaces a file so that whoever reads it meanwhile sees the old one or the new one, whole. */
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';

/**
 * Mode and owner stay; one that does not exist gets `mode`. PATH.new is written first, which also
 * keeps others from doing the same at the same time. Throws an error of the system.
 */
export function replaceFile(path: string, content: string, mode: number): void {
  const before = statSync(path, { throwIfNoEntry: false });
  const target = before === undefined ? path : realpathSync(path);
  const temporary = `${target}.new`;
  const fd = openNew(temporary, mode);
  try {
    if (before !== undefined) {
      const { uid, gid } = statSync(temporary);
      if (before.uid !== uid || before.gid !== gid) fchownSync(fd, before.uid, before.gid);
      fchmodSync(fd, before.mode & 0o777);
    }
    writeSync(fd, content);
    fsyncSync(fd);
    renameSync(temporary, target);
  } catch (error) {
    unlinkSync(temporary);
    throw error;
  } finally {
    closeSync(fd);
  }
}

function openNew(path: string, mode: number): number {
  try {
    return openSync(path, 'wx', mode);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EEXIST') throw error;
    const why = `${path} is there: somebody else changes the file now, or was broken off; then remove it`;
    throw Object.assign(new Error(why, { cause: error }), { code });
  }
}
