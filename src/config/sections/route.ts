/** `[[routes]]`: what is done with the requests that a match is for. */
import { nested, section } from '../section.ts';
import { type AnswerSettings, answerNames, answers, NO_ANSWER } from './answers.ts';
import { type FeatureSettings, featureSettings, features, NO_FEATURES } from './features.ts';
import { mountedFiles } from './files.ts';
import { type MatchSettings, match, matchPath } from './match.ts';

export interface RouteSettings extends FeatureSettings, AnswerSettings {
  /** Null: everything. */
  readonly match: MatchSettings | null;
  /** Where it stands: `vivarium.toml:7: routes[0]`. */
  readonly place: string;
}

export const route = section({
  help: 'what is done with some requests: features, which hold for what follows, and at most one answer',
  parts: { match: nested(match), ...features, ...answers },
  build: (values, place): RouteSettings => {
    const given = answerNames.filter((name) => values[name] !== null);
    if (given.length > 1) place.refuse(null, given.join(' and '), 'one answer');
    const files = values.files === null ? null : mountedFiles(values.files, values.match);
    return { ...values, ...featureSettings(values), files, place: place.text };
  },
});

/** What the setting server-status says. */
export const SERVER_STATUS: RouteSettings = {
  ...NO_FEATURES,
  ...NO_ANSWER,
  match: matchPath('/server-status'),
  'status-page': { allow: [] },
  place: 'server-status',
};
