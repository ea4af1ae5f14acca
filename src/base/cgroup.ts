/**
 * What the control groups of this process allow it (cgroups(7)): each sets limits, and so do those above it. Version 2
 * has one hierarchy; version 1 has one for each resource, and both may be there at once.
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Where the kernel says all this. Tests have folders of their own. */
export interface CgroupPlaces {
  readonly selfFile: string;
  readonly mount: string;
}

const PLACES: CgroupPlaces = { selfFile: '/proc/self/cgroup', mount: '/sys/fs/cgroup' };
/** Version 1 has no word for "no limit": it is a number that no machine has. */
const UNLIMITED_BYTES = 2 ** 60;

/** Processors that may be used at once, 1.5 for example; null without a limit. */
export function cpuQuota(places = PLACES): number | null {
  const quotas = [
    ...groups(places, '').map((group) => quotaOf(...twoWords(read(group, 'cpu.max')))),
    ...groups(places, 'cpu').map((group) =>
      quotaOf(read(group, 'cpu.cfs_quota_us'), read(group, 'cpu.cfs_period_us')),
    ),
  ].filter((quota) => quota !== null);
  return quotas.length === 0 ? null : Math.min(...quotas);
}

/** Bytes of memory that are left below the nearest limit; null without a limit. What the page cache would give back is left. */
export function memoryLeft(places = PLACES): number | null {
  const left = [
    ...groups(places, '').map((group) =>
      leftOf(
        Math.min(bytes(read(group, 'memory.max')), bytes(read(group, 'memory.high'))),
        read(group, 'memory.current'),
        /^inactive_file (\d+)$/m.exec(read(group, 'memory.stat'))?.[1],
      ),
    ),
    ...groups(places, 'memory').map((group) =>
      leftOf(
        bytes(read(group, 'memory.limit_in_bytes')),
        read(group, 'memory.usage_in_bytes'),
        /^total_inactive_file (\d+)$/m.exec(read(group, 'memory.stat'))?.[1],
      ),
    ),
  ].filter((bytesLeft) => bytesLeft !== null);
  return left.length === 0 ? null : Math.min(...left);
}

/** The folders of this process's group and of those above it. '' is version 2. */
function groups({ selfFile, mount }: CgroupPlaces, controller: string): string[] {
  for (const line of read('', selfFile).split('\n')) {
    const [, names, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (names === undefined || !names.split(',').includes(controller)) continue;
    // A container may see its own group as the top one, under a path that is not there: the top is looked at always.
    const tops =
      controller === '' ? [mount, join(mount, 'unified')] : [join(mount, names), join(mount, controller)];
    return [...new Set(tops)].flatMap((top) => [...upwards(path!)].map((group) => join(top, group)));
  }
  return [];
}

function* upwards(path: string): Generator<string> {
  for (let at = path; at !== '/'; at = dirname(at)) yield at;
  yield '/';
}

/** '' when it is not there. */
function read(folder: string, name: string): string {
  try {
    return readFileSync(join(folder, name), 'latin1').trim();
  } catch {
    return '';
  }
}

function twoWords(text: string): [string, string] {
  const [first = '', second = ''] = text.split(' ');
  return [first, second];
}

/** `max` and -1 mean no limit, '' that the file is not there. */
function quotaOf(quotaUs: string, periodUs: string): number | null {
  const quota = Number.parseInt(quotaUs, 10);
  const period = Number.parseInt(periodUs, 10);
  return quota > 0 && period > 0 ? quota / period : null;
}

function bytes(text: string): number {
  const limit = Number.parseInt(text, 10);
  return limit >= 0 && limit < UNLIMITED_BYTES ? limit : Number.POSITIVE_INFINITY;
}

function leftOf(limit: number, used: string, reclaimable = '0'): number | null {
  if (!Number.isFinite(limit)) return null;
  return Math.max(0, limit - Number(used) + Number(reclaimable));
}
