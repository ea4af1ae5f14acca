/** `geoip`: where clients are, from databases in MaxMind's format. */
import { statSync } from 'node:fs';
import { section } from '../section.ts';
import { list } from '../setting.ts';
import { path } from '../value-types.ts';

export interface GeoipSettings {
  /** Files; what several know of an address is put together. */
  readonly databases: readonly string[];
}

export const geoip = section({
  help: 'tells where clients are, from databases in the format of MaxMind (.mmdb)',
  short: 'database',
  required: ['database'],
  parts: { database: list(path('FILE'), { help: 'database files, such as GeoLite2-City.mmdb' }) },
  build: ({ database }, place): GeoipSettings => {
    for (const file of database)
      if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true)
        place.refuse('database', JSON.stringify(file), 'a file that is there');
    return { databases: database };
  },
});
