/** The page of a directory listing: plain HTML that sorts by links, light or dark as the reader likes it, no script. */
import { createHash } from 'node:crypto';
import { escapeHtml } from '../../base/escape-html.ts';
import { encodePath } from '../../base/url-path.ts';

export type SortKey = 'name' | 'size' | 'date';

export interface Order {
  readonly key: SortKey;
  readonly isDescending: boolean;
}

export interface ListingRow {
  /** Latin-1: bytes of the file system. */
  readonly name: string;
  readonly isDirectory: boolean;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
}

export interface Listing {
  /** The path of the URL, latin-1, with its final slash. */
  readonly path: string;
  /** There is nothing to go up to. */
  readonly isTop: boolean;
  readonly rows: readonly ListingRow[];
  readonly order: Order;
  /** False: there are more. */
  readonly isWhole: boolean;
}

const STYLE = `
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.25rem; overflow-wrap: anywhere }
table { border-collapse: collapse; width: 100% }
th, td { padding: .35rem .5rem; text-align: left; vertical-align: top }
th { border-bottom: 2px solid color-mix(in srgb, currentColor 30%, transparent); white-space: nowrap }
tbody tr:hover { background: color-mix(in srgb, currentColor 7%, transparent) }
td:first-child { overflow-wrap: anywhere; width: 100% }
td:nth-child(2), th:nth-child(2) { text-align: right }
td:nth-child(n+2) { white-space: nowrap; font-variant-numeric: tabular-nums }
th a { color: inherit; text-decoration: none }
th a:hover, td a:hover { text-decoration: underline }
td a { text-decoration: none }
`;

/** Whatever a name may smuggle in, nothing is run and nothing is loaded. */
export const LISTING_POLICY = `default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'sha256-${createHash(
  'sha256',
)
  .update(STYLE)
  .digest('base64')}'`;

export function listingPage({ path, isTop, rows, order, isWhole }: Listing): string {
  const title = `Index of ${shown(path)}`;
  const up = isTop ? '' : '<tr><td><a href="../">../</a></td><td></td><td></td></tr>\n';
  const more = isWhole ? '' : '<p>There is more in this directory than is shown here.</p>\n';
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${title}</h1>
<table>
<thead><tr>${heading('Name', 'name', order)}${heading('Size', 'size', order)}${heading('Modified (UTC)', 'date', order)}</tr></thead>
<tbody>
${up}${rows.map(rowOf).join('')}</tbody>
</table>
${more}</body>
</html>
`;
}

/** A link that sorts by this column, or turns the order round. */
function heading(text: string, key: SortKey, order: Order): string {
  const isSorted = order.key === key;
  const next = isSorted && !order.isDescending ? 'desc' : 'asc';
  const sorted = isSorted ? ` aria-sort="${order.isDescending ? 'descending' : 'ascending'}"` : '';
  const arrow = isSorted ? (order.isDescending ? ' ↓' : ' ↑') : '';
  return `<th scope="col"${sorted}><a href="?sort=${key}&amp;order=${next}">${text}${arrow}</a></th>`;
}

function rowOf({ name, isDirectory, sizeBytes, modifiedMs }: ListingRow): string {
  const slash = isDirectory ? '/' : '';
  // With ./ a name with a colon is no scheme, and one with a slash at its beginning cannot be another host.
  const link = `<a href="./${escapeHtml(encodePath(name))}${slash}">${shown(name)}${slash}</a>`;
  const size = isDirectory ? '' : readableSize(sizeBytes);
  const date = new Date(modifiedMs).toISOString().slice(0, 16).replace('T', ' ');
  return `<tr><td>${link}</td><td>${size}</td><td>${date}</td></tr>\n`;
}

/** Names are UTF-8 nearly always; what is not shows as replacement characters, and its link works all the same. */
function shown(latin1: string): string {
  const text = Buffer.from(latin1, 'latin1').toString('utf8');
  // Controls of line and direction could make a name look like another one.
  return escapeHtml(text.replace(/[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '\ufffd'));
}

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB'];

function readableSize(sizeBytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log2(Math.max(1, sizeBytes)) / 10));
  const amount = sizeBytes / 1024 ** power;
  return `${power === 0 || amount >= 100 ? Math.round(amount) : amount.toFixed(1)} ${UNITS[power]}`;
}
