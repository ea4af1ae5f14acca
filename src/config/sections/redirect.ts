/** `redirect`: the client is sent to another URL. */
import { section } from '../section.ts';
import { one } from '../setting.ts';
import { onOff } from '../value-types.ts';
import { redirectStatus, urlTemplate } from './types.ts';

export interface RedirectSettings {
  /** A template: see url-template.ts. */
  readonly to: string;
  readonly status: number;
  /** The query of the request is put behind it. */
  readonly keepsQuery: boolean;
}

export const redirect = section({
  help: 'sends the client to another URL',
  short: 'to',
  required: ['to'],
  parts: {
    to: one(urlTemplate, { default: '', help: 'where to' }),
    status: one(redirectStatus, {
      default: 302,
      help: '302 for now, 301 for ever; 307 and 308 the same with the same method and body; 303 with GET',
    }),
    'keep-query': one(onOff, {
      default: null,
      defaultText: 'on, unless the target has a query of its own',
      help: 'keeps the query of the request',
    }),
  },
  build: (values): RedirectSettings => ({
    to: values.to,
    status: values.status,
    keepsQuery: values['keep-query'] ?? !/[?#]|\{uri\}/.test(values.to),
  }),
});
