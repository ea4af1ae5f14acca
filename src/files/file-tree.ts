/**
 * The file system below a root, with or without symbolic links. Paths are latin-1 and begin with a slash; '' is the
 * root itself, whose own links are always followed, because whoever wrote the configuration has named it.
 *
 * Where links are restricted, a path is walked name by name from the descriptor of the directory before (openat(2), by
 * way of /proc/self/fd): what was looked at is what is opened, whoever moves directories and links meanwhile.
 */
import { constants, opendir, type Stats, stat } from 'node:fs';
import { promisify } from 'node:util';
import {
  asRegularFile,
  bytesOf,
  closeQuietly,
  type OpenFile,
  openFile,
  openPath,
  READ_FLAGS,
  statOf,
} from './open-file.ts';

export interface FileTree {
  stat(path: string): Promise<Stats>;
  open(path: string): Promise<OpenFile>;
  /** What is in a directory; of more than `max` names only so many. */
  list(path: string, max: number): Promise<Listed>;
}

export interface Listed {
  readonly files: readonly ListedFile[];
  readonly isWhole: boolean;
}

export interface ListedFile {
  readonly name: string;
  readonly stats: Stats;
}

/** A link that is not followed; ELOOP is what open(2) says with O_NOFOLLOW. */
export class LinkRefused extends Error {
  readonly code = 'ELOOP';
}

const statPath = promisify(stat) as (path: Buffer) => Promise<Stats>;
const openDirectory = promisify(opendir);

export function fileTree(root: string, symlinks: 'follow' | 'owner' | 'none'): FileTree {
  const top = Buffer.from(root, 'utf8').latin1Slice().replace(/\/+$/, '');
  if (symlinks !== 'follow') return new WalkedTree(top === '' ? '/' : top, symlinks);
  const fileOf = (path: string) => top + path || '/';
  const statOfName = (name: string) => statPath(bytesOf(name));
  return {
    stat: (path) => statOfName(fileOf(path)),
    open: (path) => openFile(fileOf(path)),
    list: (path, max) => listDirectory(fileOf(path), max, statOfName),
  };
}

/** What cannot be looked at (a dangling link, a file that has just gone) is left out. */
async function listDirectory(
  directory: string,
  max: number,
  look: (name: string) => Promise<Stats>,
): Promise<Listed> {
  const names: string[] = [];
  const opened = await openDirectory(bytesOf(directory) as never, { encoding: 'latin1' as BufferEncoding });
  let isWhole = true;
  for await (const { name } of opened) {
    isWhole = names.length < max;
    if (!isWhole) break;
    names.push(name);
  }
  const stats = await Promise.all(names.map((name) => look(`${directory}/${name}`).catch(() => null)));
  return {
    files: names.flatMap((name, i) => (stats[i] == null ? [] : [{ name, stats: stats[i] }])),
    isWhole,
  };
}

/** A descriptor that only stands for a place (open(2), O_PATH); Node has no name for it. */
const O_PATH = 0x20_0000;

class WalkedTree implements FileTree {
  readonly #root: string;
  readonly #symlinks: 'owner' | 'none';

  constructor(root: string, symlinks: 'owner' | 'none') {
    this.#root = root;
    this.#symlinks = symlinks;
  }

  stat(path: string): Promise<Stats> {
    return this.#at(path, statOf);
  }

  open(path: string): Promise<OpenFile> {
    return this.#at(path, async (place) =>
      asRegularFile(await openPath(bytesOf(ownName(place)), READ_FLAGS)),
    );
  }

  list(path: string, max: number): Promise<Listed> {
    return this.#at(path, (place) => listDirectory(ownName(place), max, (name) => this.#lookAt(name)));
  }

  async #lookAt(name: string): Promise<Stats> {
    const place = await this.#step(name);
    try {
      return await statOf(place);
    } finally {
      closeQuietly(place);
    }
  }

  async #at<T>(path: string, use: (place: number) => Promise<T>): Promise<T> {
    let place = await openPath(bytesOf(this.#root), O_PATH);
    try {
      for (const name of path.split('/')) {
        if (name === '') continue;
        const next = await this.#step(`${ownName(place)}/${name}`);
        closeQuietly(place);
        place = next;
      }
      if (path.endsWith('/') && !(await statOf(place)).isDirectory()) throw notADirectory();
      return await use(place);
    } finally {
      closeQuietly(place);
    }
  }

  /** The descriptor of a name, or of what it links to. */
  async #step(name: string): Promise<number> {
    const place = await openPath(bytesOf(name), O_PATH | constants.O_NOFOLLOW);
    let stats: Stats | null = null;
    try {
      stats = await statOf(place);
      if (!stats.isSymbolicLink()) return place;
    } catch (error) {
      closeQuietly(place);
      throw error;
    }
    closeQuietly(place);
    return this.#follow(name, stats.uid);
  }

  /** As nginx and Apache have it: the link must belong to the owner of what it points to. */
  async #follow(name: string, uid: number): Promise<number> {
    if (this.#symlinks === 'none') throw new LinkRefused('it is a symbolic link, or behind one');
    const target = await openPath(bytesOf(name), O_PATH);
    const stats = await statOf(target).catch(() => null);
    if (stats?.uid === uid) return target;
    closeQuietly(target);
    throw new LinkRefused('it is, or is behind, a symbolic link to what belongs to somebody else');
  }
}

function ownName(fd: number): string {
  return `/proc/self/fd/${fd}`;
}

function notADirectory(): Error {
  return Object.assign(new Error('not a directory'), { code: 'ENOTDIR' });
}
