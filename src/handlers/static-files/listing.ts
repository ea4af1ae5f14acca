/** The listing of a directory: its files and directories, sorted as the query says. The page is in listing-page.ts. */
import type { Exchange } from '../../exchange.ts';
import type { Listed, ListedFile } from '../../files/file-tree.ts';
import { LISTING_POLICY, type ListingRow, listingPage, type Order, type SortKey } from './listing-page.ts';

/** Of more names a page says only that there are more: nobody reads them, and each is a look at the file system. */
export const LISTED_MAX = 2000;

/** `path`: of the URL, latin-1, with its final slash. */
export function answerListing(exchange: Exchange, path: string, isTop: boolean, listed: Listed): void {
  const order = orderOf(exchange.request.query);
  const rows = listed.files.map(rowOf).sort(comparison(order));
  const page = listingPage({ path, isTop, rows, order, isWhole: listed.isWhole });
  const fields = [
    ...['Content-Type', 'text/html; charset=utf-8', 'Cache-Control', 'no-cache'],
    ...['Content-Security-Policy', LISTING_POLICY, 'X-Content-Type-Options', 'nosniff'],
  ];
  exchange.respond(200, fields, Buffer.from(page));
}

function rowOf({ name, stats }: ListedFile): ListingRow {
  const isDirectory = stats.isDirectory();
  return { name, isDirectory, sizeBytes: isDirectory ? 0 : stats.size, modifiedMs: stats.mtimeMs };
}

/** `?sort=size&order=desc`; what it does not say, or says wrongly, is by name and upwards. */
function orderOf(query: string): Order {
  const parameters = new URLSearchParams(query);
  const sort = parameters.get('sort');
  const key: SortKey = sort === 'size' || sort === 'date' ? sort : 'name';
  return { key, isDescending: parameters.get('order') === 'desc' };
}

const collator = new Intl.Collator('en', { numeric: true });

const COMPARED_BY: Readonly<Record<SortKey, (a: ListingRow, b: ListingRow) => number>> = {
  name: (a, b) => collator.compare(a.name, b.name),
  size: (a, b) => a.sizeBytes - b.sizeBytes,
  date: (a, b) => a.modifiedMs - b.modifiedMs,
};

/** Directories first, and what is equal by name. */
function comparison({ key, isDescending }: Order): (a: ListingRow, b: ListingRow) => number {
  const sign = isDescending ? -1 : 1;
  return (a, b) =>
    Number(b.isDirectory) - Number(a.isDirectory) || sign * COMPARED_BY[key](a, b) || COMPARED_BY.name(a, b);
}
