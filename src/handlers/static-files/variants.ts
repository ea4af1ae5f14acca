/** Compressed forms of a file that lie beside it: `app.js.br`, `app.js.zst`, `app.js.gz`. */
import type { Stats } from 'node:fs';
import { wishReader } from '../../base/accept-encoding.ts';
import type { CodingName } from '../../config/sections/compress.ts';
import type { FieldList } from '../../exchange.ts';
import type { RequestFields } from '../../fields.ts';
import type { StoredEntry, StoredFile, Variant } from './file-store.ts';

export const SUFFIXES: Readonly<Record<CodingName, string>> = { br: '.br', zstd: '.zst', gzip: '.gz' };

export const VARY: FieldList = ['Vary', 'Accept-Encoding'];

/** Not older than the file, in whole seconds: archives and compressors keep no more of a time. */
export function isUpToDate(variant: Stats | null, original: Stats): boolean {
  return variant?.isFile() === true && seconds(variant) >= seconds(original);
}

function seconds({ mtimeMs }: Stats): number {
  return Math.floor(mtimeMs / 1000);
}

/** The form that the client likes best, and of those that it likes alike the smallest. */
export function bestForm(entry: StoredEntry, fields: RequestFields): StoredFile {
  const { variants } = entry;
  if (variants.length === 0) return entry;
  const { coding } = readerOf(variants)(fields.joined('accept-encoding'));
  return variants.find((variant) => variant.coding === coding) ?? entry;
}

/** One for each order of codings: there are few. */
const readers = new Map<string, WishReader>();

type WishReader = ReturnType<typeof wishReader<CodingName>>;

function readerOf(variants: readonly Variant[]): WishReader {
  const codings = variants.map(({ coding }) => coding);
  const order = codings.join();
  const reader = readers.get(order) ?? wishReader(codings);
  readers.set(order, reader);
  return reader;
}
