/** `respond`: a fixed answer. */
import { statSync } from 'node:fs';
import { quote } from '../origin.ts';
import { section } from '../section.ts';
import { map, one } from '../setting.ts';
import { count, path, text } from '../value-types.ts';
import { fieldValue, template, token } from './types.ts';

export interface RespondSettings {
  readonly status: number;
  /** A template. */
  readonly body: string;
  /** In the place of the text: an absolute path; null: none. */
  readonly file: string | null;
  /** Values are templates. */
  readonly headers: Readonly<Record<string, string>>;
}

const TEXT = 'text/plain; charset=utf-8';
/** It is kept in memory. */
const FILE_BYTES_MAX = 1024 ** 2;

export const respond = section({
  help: 'a fixed answer',
  short: 'status',
  parts: {
    status: one(count(200, 599, 'STATUS'), { default: 200, help: 'status of the answer' }),
    body: one(template, { default: '', help: 'text of the answer' }),
    file: one(path('FILE'), { default: null, help: 'file that is the answer, in the place of a text' }),
    'content-type': one(text('TYPE', /^[!-~][ -~]*$/, 'a media type'), {
      default: null,
      defaultText: `${TEXT}; of a file by its name`,
      help: 'media type of the answer',
    }),
    headers: map(token, fieldValue, { help: 'header fields of the answer' }),
  },
  build: ({ status, body, file, headers, 'content-type': given }, place): RespondSettings => {
    if (file !== null && body !== '') place.refuse('file', 'file and body', 'one of them');
    if (file !== null && !isSmallFile(file))
      place.refuse('file', quote(file), 'a file of 1 MiB or less; files serves larger ones');
    const type = given ?? (body === '' ? null : TEXT);
    return { status, body, file, headers: type === null ? headers : { 'Content-Type': type, ...headers } };
  },
});

function isSmallFile(file: string): boolean {
  try {
    const found = statSync(file);
    return found.isFile() && found.size <= FILE_BYTES_MAX;
  } catch {
    return false;
  }
}
