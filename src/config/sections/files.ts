/**
 * `files`: an answer with the files of a directory. Its options stand without `root` at the top of the file as well,
 * where they hold for the URL aliases.
 */
import { z } from 'zod';
import { compilePattern } from '../../base/pattern.ts';
import { type PartValues, type SectionPlace, section } from '../section.ts';
import { list, map, one } from '../setting.ts';
import { choice, fileName, onOff, path, text, type ValueType } from '../value-types.ts';
import type { CodingName } from './compress.ts';
import type { MatchSettings } from './match.ts';
import { checked } from './types.ts';

/** A rule for the files whose path below the root matches the pattern (base/pattern.ts). */
export interface FileRule {
  readonly pattern: string;
  readonly cacheControl: string;
}

export interface FileOptions {
  readonly index: readonly string[];
  readonly listing: boolean;
  /** Compressed forms beside a file that may be sent in its place. */
  readonly precompressed: readonly CodingName[];
  /** The first that matches counts. */
  readonly rules: readonly FileRule[];
  /** Patterns for names that are hidden, or with a `!` are not; the last that matches counts. */
  readonly hide: readonly string[];
  readonly symlinks: 'follow' | 'owner' | 'none';
  /** Media types by extension, in lower case and without the dot. */
  readonly types: Readonly<Record<string, string>>;
  /** What types of text say; null for nothing. */
  readonly charset: string | null;
  /** What is tried in turn: paths below the root in which `{path}` is the one asked for, last perhaps `=404`. */
  readonly tryFiles: readonly string[];
}

export interface FilesSettings extends FileOptions {
  /** An absolute directory, or a file. */
  readonly root: string;
  /** What is taken off the path of the URL; null: what the match of the route says. */
  readonly stripPrefix: string | null;
}

/** A year: as long as anybody keeps anything. */
const FOREVER = 'public, max-age=31536000, immutable';

/**
 * A name that changes with the content: a dot or hyphen, 8 to 64 lower-case hexadecimal digits with both letters and
 * decimal digits among them, and an extension or two. Dates and version numbers have no letters, and words no digits:
 * a hash that happens to lack either is revalidated like other files.
 */
const HASHED_NAME = '~[.-](?=\\d*[a-f])(?=[a-f]*\\d)[\\da-f]{8,64}(\\.\\w+){1,2}$';

/** What editors, Python and version control leave behind. */
const HIDDEN = [
  '.*',
  '!.well-known',
  '*~',
  '#*#',
  '*.bak',
  '*.orig',
  '*.rej',
  '*.pyc',
  '*.pyo',
  '__pycache__',
  'CVS',
];

const ALL_CODINGS: readonly CodingName[] = ['br', 'zstd', 'gzip'];

const SECONDS_PER_UNIT: Readonly<Record<string, number>> = {
  s: 1,
  m: 60,
  h: 3600,
  d: 86_400,
  w: 604_800,
  y: 31_536_000,
};

const lifetime: ValueType<number> = {
  schema: z.union([
    z.int().min(0).max(SECONDS_PER_UNIT.y!),
    z
      .string()
      .regex(/^\d{1,8}[smhdwy]$/)
      .transform((value) => Number.parseInt(value, 10) * SECONDS_PER_UNIT[value.at(-1)!]!)
      .pipe(z.number().max(SECONDS_PER_UNIT.y!)),
  ]),
  allowed: 'a time in seconds or with a unit (60, 10m, 12h, 30d, 2w, 1y) of at most a year',
  placeholder: 'TIME',
  fromText: (value) => (/^\d+$/.test(value) ? Number(value) : value),
  format: String,
};

const isPattern = (value: string) => value !== '' && compilePattern(value) !== null;
const pattern = checked(
  'PATTERN',
  'a name, in which * stands for any characters, or ~ and a regular expression',
  isPattern,
);

const hidden = checked(
  'PATTERN',
  `${pattern.allowed}; with ! before it for names that are not hidden`,
  (value) => isPattern(value.replace(/^!/, '')),
);

const tried = checked(
  'PATH',
  'a path that begins with a slash or with {path}, and as the last =404 (or another status from 400 on) or =next',
  (value) => /^(=(next|[45]\d\d)|(\/|\{path\})([^{}]|\{path\})*)$/.test(value),
);

const cacheControl = text('VALUE', /^[\w"=, ./-]+$/, 'a value of Cache-Control like "public, max-age=3600"');
const mediaType = text('TYPE', /^[\w.+-]+\/[\w.+-]+( *; *[\w-]+=[\w."-]+)*$/, 'a media type like text/plain');

const fileOptions = {
  index: list(fileName, {
    defaultText: 'index.html',
    help: 'files that answer for a directory; the first that exists',
  }),
  listing: one(onOff, { default: false, help: 'list the files of a directory that has no index' }),
  precompressed: list(trueOr<CodingName>(choice('br', 'zstd', 'gzip')), {
    help: 'send FILE.br, FILE.zst or FILE.gz in the place of FILE to those who accept it; true for all three',
  }),
  'cache-control': map(pattern, cacheControl, {
    help: 'Cache-Control for the files whose path below the root matches; the first that matches counts',
  }),
  expires: map(pattern, lifetime, { help: 'the same, as a time that caches may keep the file (max-age)' }),
  immutable: list(trueOr(pattern), {
    help: 'files that never change under their name, to be kept for a year; true for names with a hash in them',
  }),
  hide: list(hidden, {
    help: 'names of files and directories that are not served, beside those hidden by default',
  }),
  symlinks: one(choice('follow', 'owner', 'none'), {
    default: 'follow',
    help: 'symbolic links below the root: all, those that belong to the owner of what they point to, or none',
  }),
  types: map(text('EXTENSION', /^\.?[^./\0]+$/, 'an extension like .md'), mediaType, {
    help: 'media types by extension',
  }),
  charset: one(text('CHARSET', /^[\w-]+$/, 'a charset, or none'), {
    default: 'utf-8',
    help: 'charset that types of text say; none for none',
  }),
  'try-files': list(tried, {
    help: 'what is looked for, in turn, in the place of the path that was asked for',
  }),
};

type Values = PartValues<typeof fileOptions>;

export const filesAtTop = section({
  help: 'options for the files of url-alias',
  parts: fileOptions,
  build: (values, place): FileOptions => {
    checkOptions(values, place);
    return buildOptions(values);
  },
});

export const files = section({
  help: 'the files of a directory',
  short: 'root',
  required: ['root'],
  parts: {
    root: one(path('PATH'), { default: null, help: 'the directory, or a file' }),
    'strip-prefix': one(text('PATH', /^(\/[^\0]*)?$/, 'a path that begins with a slash, or nothing'), {
      default: null,
      defaultText:
        'of a match that ends in /* what stands before it, of one without * the whole, of others nothing',
      help: 'what is taken off the beginning of the path of the URL; what is left is the file',
    }),
    ...fileOptions,
  },
  build: ({ root, 'strip-prefix': stripPrefix, ...values }, place): FilesSettings => {
    checkOptions(values, place);
    return { root: root!, stripPrefix, ...buildOptions(values) };
  },
});

function checkOptions(values: Values, place: SectionPlace): void {
  const early = values['try-files'].slice(0, -1).find((tried) => tried.startsWith('='));
  if (early !== undefined) place.refuse('try-files', `"${early}" before the end`, 'it as the last one');
  if (values.symlinks !== 'follow' && process.platform !== 'linux')
    place.refuse('symlinks', values.symlinks, 'follow: the others need Linux');
}

function buildOptions(values: Values): FileOptions {
  return {
    index: values.index.length === 0 ? ['index.html'] : values.index,
    listing: values.listing,
    precompressed: values.precompressed.flatMap((one) =>
      one === true ? ALL_CODINGS : one === false ? [] : [one],
    ),
    rules: rulesOf(values),
    hide: [...HIDDEN, ...values.hide],
    symlinks: values.symlinks,
    types: Object.fromEntries(
      Object.entries(values.types).map(([extension, type]) => [
        extension.replace(/^\./, '').toLowerCase(),
        type,
      ]),
    ),
    charset: values.charset === 'none' ? null : values.charset,
    tryFiles: values['try-files'],
  };
}

export const DEFAULT_FILE_OPTIONS = buildOptions(
  Object.fromEntries(
    Object.entries(fileOptions).map(([name, setting]) => [name, setting.default]),
  ) as unknown as Values,
);

/** Hashed names first: a rule for `*` is hardly meant for them. */
function rulesOf(values: Values): FileRule[] {
  const immutable = values.immutable.flatMap((one) =>
    one === true ? HASHED_NAME : one === false ? [] : one,
  );
  const controls = values['cache-control'];
  return [
    ...immutable.map((pattern) => ({ pattern, cacheControl: FOREVER })),
    ...Object.entries(controls).map(([pattern, cacheControl]) => ({ pattern, cacheControl })),
    ...Object.entries(values.expires).map(([pattern, seconds]) => ({
      pattern,
      cacheControl: `max-age=${seconds}`,
    })),
  ];
}

/** What is taken off the path, where the settings do not say it themselves. */
export function mountedFiles(settings: FilesSettings, match: MatchSettings | null): FilesSettings {
  return { ...settings, stripPrefix: settings.stripPrefix ?? prefixOf(match) };
}

/** `/static/*` leaves what stands for the star, `/favicon.ico` names the file itself. */
function prefixOf(match: MatchSettings | null): string {
  const [only, ...others] = match?.path ?? [];
  if (only === undefined || others.length > 0 || only.startsWith('~')) return '';
  const prefix = only.replace(/\/\*$/, '');
  return prefix.includes('*') ? '' : prefix;
}

function trueOr<T extends string>(type: ValueType<T>): ValueType<T | boolean> {
  return {
    ...type,
    schema: z.union([z.boolean(), type.schema]),
    allowed: `true or ${type.allowed}`,
    fromText: (value) => (value === 'true' ? true : value),
    format: String,
  };
}
