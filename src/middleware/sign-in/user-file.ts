/** A file of users or groups, as it is now; what is wrong with it is in the error log. */
import { FollowedFile } from '../../base/followed-file.ts';
import { parseGroups } from '../../base/passwords/htpasswd.ts';
import type { Log } from '../../telemetry/log.ts';

/** Throws when the file cannot be read. `place`: where it is named. */
export function followUserFile<T extends { readonly mistakes: readonly string[] }>(
  path: string,
  parse: (content: Buffer) => T,
  place: string,
  log: Log,
): FollowedFile<T> {
  const tell = (why: string) => log.error('user-file', `${place}: ${path}: ${why}`);
  const tellMistakes = ({ mistakes }: T) => mistakes.forEach(tell);
  try {
    const followed = new FollowedFile(path, {
      parse,
      onRead: tellMistakes,
      onProblem: (why) => tell(`cannot be read, so its last content holds: ${why}`),
    });
    tellMistakes(followed.value);
    return followed;
  } catch (error) {
    throw new Error(`${place}: cannot read ${path} as uid ${process.getuid!()}: ${(error as Error).message}`);
  }
}

/** Throws when the file cannot be read. Null: nobody is in a group. */
export function followGroups(
  path: string | null,
  place: string,
  log: Log,
): (user: string, group: string) => boolean {
  if (path === null) return () => false;
  const groups = followUserFile(path, parseGroups, place, log);
  return (user, group) => groups.value.users.get(group)?.has(user) ?? false;
}
