/** Answers: what a route can end in. A route has one of them, or none: then what follows it answers. */

import { nested } from '../section.ts';
import { one } from '../setting.ts';
import { text } from '../value-types.ts';
import { type FilesSettings, files } from './files.ts';
import { type ProxySettings, proxy } from './proxy.ts';
import { type RedirectSettings, redirect } from './redirect.ts';
import { type RespondSettings, respond } from './respond.ts';
import { type StatusPageSettings, statusPage } from './status-page.ts';

export const answers = {
  application: one(text('NAME'), { default: null, help: 'an application of [applications], by its name' }),
  redirect: nested(redirect),
  files: nested(files),
  proxy: nested(proxy),
  respond: nested(respond),
  'status-page': nested(statusPage),
};

/** Null: not this one. */
export interface AnswerSettings {
  readonly application: string | null;
  readonly redirect: RedirectSettings | null;
  readonly files: FilesSettings | null;
  readonly proxy: ProxySettings | null;
  readonly respond: RespondSettings | null;
  readonly 'status-page': StatusPageSettings | null;
}

export const answerNames = Object.keys(answers) as readonly (keyof AnswerSettings)[];

export const NO_ANSWER = Object.fromEntries(
  answerNames.map((name) => [name, null]),
) as unknown as AnswerSettings;
