/** `respond`: a fixed answer. */

import { section } from '../section.ts';
import { map, one } from '../setting.ts';
import { count, text } from '../value-types.ts';
import { fieldValue, template, token } from './types.ts';

export interface RespondSettings {
  readonly status: number;
  /** A template. */
  readonly body: string;
  /** Values are templates. */
  readonly headers: Readonly<Record<string, string>>;
}

export const respond = section({
  help: 'a fixed answer',
  short: 'status',
  parts: {
    status: one(count(200, 599, 'STATUS'), { default: 200, help: 'status of the answer' }),
    body: one(template, { default: '', help: 'text of the answer' }),
    'content-type': one(text('TYPE', /^[!-~][ -~]*$/, 'a media type'), {
      default: 'text/plain; charset=utf-8',
      help: 'media type of the text',
    }),
    headers: map(token, fieldValue, { help: 'header fields of the answer' }),
  },
  build: ({ status, body, headers, 'content-type': type }): RespondSettings => ({
    status,
    body,
    headers: body === '' ? headers : { 'Content-Type': type, ...headers },
  }),
});
