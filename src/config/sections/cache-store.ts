/** `[cache-store]`: where caches keep answers, all of them together. */
import { section } from '../section.ts';
import { one } from '../setting.ts';
import { bytes, path } from '../value-types.ts';

export interface CacheStoreSettings {
  readonly memoryBytesMax: number;
  /** Null: nothing is kept on disk. */
  readonly directory: string | null;
  readonly diskBytesMax: number;
}

export const DEFAULT_CACHE_STORE: CacheStoreSettings = {
  memoryBytesMax: 64 * 1024 ** 2,
  directory: null,
  diskBytesMax: 1024 ** 3,
};

export const cacheStore = section({
  help: 'where caches keep answers, all of them together',
  parts: {
    memory: one(bytes({ min: 1024 ** 2 }), {
      default: DEFAULT_CACHE_STORE.memoryBytesMax,
      help: 'bytes of memory for answers',
    }),
    directory: one(path('DIRECTORY'), {
      default: null,
      defaultText: 'none',
      help: 'a directory of its own where answers are kept, too, so that they outlive a restart',
    }),
    disk: one(bytes({ min: 1024 ** 2 }), {
      default: DEFAULT_CACHE_STORE.diskBytesMax,
      help: 'bytes on disk for answers',
    }),
  },
  build: ({ memory, directory, disk }): CacheStoreSettings => ({
    memoryBytesMax: memory,
    directory,
    diskBytesMax: disk,
  }),
});
