/** `compress`: answers are compressed for clients that take them so. */
import { section } from '../section.ts';
import { list, one } from '../setting.ts';
import { bytes, choice, count, text } from '../value-types.ts';

export type CodingName = 'gzip' | 'br' | 'zstd';

export interface CompressSettings {
  /** Of codings that a client likes equally the first is taken. */
  readonly codings: readonly CodingName[];
  /** Media types, in lower case, without parameters; `*` is any text: `text/*`, `application/*+json`. */
  readonly types: readonly string[];
  /** Bytes from which it is worth it. */
  readonly minSize: number;
  readonly levels: Readonly<Record<CodingName, number>>;
  /** Answers in the making that are compressed at the same time; more go as they are. */
  readonly maxStreams: number;
}

/** Text, as browsers and programs ask for it. Pictures, films and archives are compressed already. */
const TYPES = [
  'text/*',
  'application/json',
  'application/*+json',
  'application/javascript',
  'application/xml',
  'application/*+xml',
  'application/wasm',
  'application/x-ndjson',
  'application/vnd.ms-fontobject',
  'font/otf',
  'font/ttf',
  'image/bmp',
  'image/svg+xml',
  'image/x-icon',
];

/** What `compress = true` says. */
export const DEFAULT_COMPRESS: CompressSettings = {
  codings: ['zstd', 'br', 'gzip'],
  types: TYPES,
  minSize: 512,
  levels: { gzip: 5, br: 4, zstd: 3 },
  maxStreams: 100,
};

const mediaType = text(
  'TYPE',
  /^[\w.+*-]+\/[\w.+*-]+$/,
  'a media type such as text/html, or a pattern of several such as text/*',
);

export const compress = section({
  help: 'compresses answers for clients that take them so',
  isSwitch: true,
  parts: {
    codings: list(choice('zstd', 'br', 'gzip'), {
      defaultText: 'zstd, br, gzip',
      help: 'codings to offer; of those that a client likes equally the first is taken',
    }),
    types: list(mediaType, {
      defaultText: 'text, JSON, XML, scripts, WebAssembly, uncompressed fonts and pictures',
      help: 'media types to compress, in the place of the default ones',
    }),
    'min-size': one(bytes({ min: 1, max: 2 ** 30 }), {
      default: DEFAULT_COMPRESS.minSize,
      help: 'bytes from which an answer is compressed',
    }),
    'gzip-level': one(count(1, 9), { default: DEFAULT_COMPRESS.levels.gzip, help: 'effort of gzip' }),
    'br-level': one(count(0, 11), {
      default: DEFAULT_COMPRESS.levels.br,
      help: 'effort of brotli; from 10 on it is for files that do not change',
    }),
    'zstd-level': one(count(1, 19), { default: DEFAULT_COMPRESS.levels.zstd, help: 'effort of zstd' }),
    'max-streams': one(count(0, 100_000), {
      default: DEFAULT_COMPRESS.maxStreams,
      help: 'large and unfinished answers of one process that are compressed at the same time; more go as they are',
    }),
  },
  build: (values): CompressSettings => ({
    codings: values.codings.length > 0 ? values.codings : DEFAULT_COMPRESS.codings,
    types: (values.types.length > 0 ? values.types : TYPES).map((type) => type.toLowerCase()),
    minSize: values['min-size'],
    levels: { gzip: values['gzip-level'], br: values['br-level'], zstd: values['zstd-level'] },
    maxStreams: values['max-streams'],
  }),
});
