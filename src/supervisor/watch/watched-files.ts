/** Which files ask for a reload when they change, and of what. */
import type { ApplicationSettings, Configuration } from '../../config/configuration.ts';

export function watchedFiles({ touchFiles, applications }: Configuration): string[] {
  return [...new Set([...touchFiles, ...applications.flatMap(filesOf)])];
}

/** The files that ask for a reload of this application. */
export function filesOf({ target, followsScript, touchFiles, development }: ApplicationSettings): string[] {
  // All source files may be watched already.
  const isFollowed = followsScript && !development.reloadOnChanges && target.kind === 'script';
  return [...(isFollowed ? [target.path] : []), ...touchFiles];
}

/** The names of the applications that these changes are for; null: everything, the settings too. */
export function concernedBy(
  paths: readonly string[],
  { touchFiles, applications }: Configuration,
): string[] | null {
  if (applications.length === 1 || paths.some((path) => touchFiles.includes(path))) return null;
  const concerned = applications.filter((application) =>
    filesOf(application).some((path) => paths.includes(path)),
  );
  return concerned.map(({ name }) => name);
}
