/** Content types by file name extension: what browsers need to be told, after nginx's mime.types and the IANA list. */

const TYPES: Readonly<Record<string, string>> = {
  'text/html': 'html htm shtml',
  'text/css': 'css',
  'text/javascript': 'js mjs cjs',
  'text/plain': 'txt text log conf md rst py ts',
  'text/csv': 'csv',
  'text/xml': 'xml xsl xsd',
  'text/calendar': 'ics',
  'text/vcard': 'vcf',
  'text/vtt': 'vtt',
  'text/cache-manifest': 'appcache',
  'application/json': 'json map',
  'application/ld+json': 'jsonld',
  'application/geo+json': 'geojson',
  'application/manifest+json': 'webmanifest',
  'application/xhtml+xml': 'xhtml',
  'application/atom+xml': 'atom',
  'application/rss+xml': 'rss',
  'application/wasm': 'wasm',
  'application/pdf': 'pdf',
  'application/rtf': 'rtf',
  'application/postscript': 'ps eps ai',
  'application/epub+zip': 'epub',
  'application/zip': 'zip',
  'application/gzip': 'gz tgz',
  'application/zstd': 'zst',
  'application/x-bzip2': 'bz2',
  'application/x-xz': 'xz',
  'application/x-tar': 'tar',
  'application/x-7z-compressed': '7z',
  'application/vnd.rar': 'rar',
  'application/java-archive': 'jar war ear',
  'application/vnd.android.package-archive': 'apk',
  'application/msword': 'doc',
  'application/vnd.ms-excel': 'xls',
  'application/vnd.ms-powerpoint': 'ppt',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': 'docx',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'xlsx',
  'application/vnd.openxmlformats-officedocument.presentationml.presentation': 'pptx',
  'application/vnd.oasis.opendocument.text': 'odt',
  'application/vnd.oasis.opendocument.spreadsheet': 'ods',
  'application/vnd.oasis.opendocument.presentation': 'odp',
  'application/vnd.apple.mpegurl': 'm3u8',
  'application/dash+xml': 'mpd',
  'application/vnd.ms-fontobject': 'eot',
  'font/ttf': 'ttf',
  'font/otf': 'otf',
  'font/woff': 'woff',
  'font/woff2': 'woff2',
  'image/png': 'png',
  'image/apng': 'apng',
  'image/jpeg': 'jpg jpeg jfif',
  'image/gif': 'gif',
  'image/svg+xml': 'svg svgz',
  'image/webp': 'webp',
  'image/avif': 'avif',
  'image/heic': 'heic',
  'image/jxl': 'jxl',
  'image/bmp': 'bmp',
  'image/tiff': 'tif tiff',
  'image/x-icon': 'ico cur',
  'audio/mpeg': 'mp3',
  'audio/mp4': 'm4a',
  'audio/aac': 'aac',
  'audio/ogg': 'ogg oga opus',
  'audio/flac': 'flac',
  'audio/midi': 'mid midi',
  'audio/wav': 'wav',
  'audio/webm': 'weba',
  'video/mp4': 'mp4 m4v',
  'video/mpeg': 'mpg mpeg',
  'video/mp2t': 'm2ts',
  'video/ogg': 'ogv',
  'video/quicktime': 'mov',
  'video/webm': 'webm',
  'video/x-matroska': 'mkv',
  'video/x-msvideo': 'avi',
  'model/gltf+json': 'gltf',
  'model/gltf-binary': 'glb',
};

const UNKNOWN = 'application/octet-stream';

const byExtension = new Map<string, string>();
for (const [type, extensions] of Object.entries(TYPES)) {
  for (const extension of extensions.split(' ')) byExtension.set(extension, type);
}

const NO_TYPES: ReadonlyMap<string, string> = new Map();

/**
 * A name without an extension, or with one nobody knows, is bytes: a browser then saves it and runs nothing.
 * `types`: by extension, before those that are known here.
 */
export function contentType(
  fileName: string,
  types: ReadonlyMap<string, string> = NO_TYPES,
  charset: string | null = 'utf-8',
): string {
  const extension = /\.([^./]+)$/.exec(fileName)?.[1]?.toLowerCase();
  if (extension === undefined) return UNKNOWN;
  const type = types.get(extension) ?? byExtension.get(extension) ?? UNKNOWN;
  return charset !== null && type.startsWith('text/') && !type.includes('charset=')
    ? `${type}; charset=${charset}`
    : type;
}
