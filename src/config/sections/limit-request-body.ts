/** `limit-request-body` of a site or a route, in the place of the setting of that name. */
import { section } from '../section.ts';
import { one } from '../setting.ts';
import { bytes } from '../value-types.ts';

export interface LimitRequestBodySettings {
  /** Bytes; 0: no limit. */
  readonly max: number;
}

export const limitRequestBody = section({
  help: 'the limit-request-body of these requests, in the place of the setting',
  short: 'max',
  required: ['max'],
  parts: {
    max: one(bytes({ zero: 'no limit' }), { default: null, help: 'bytes of a request body; 0 for no limit' }),
  },
  build: ({ max }): LimitRequestBodySettings => ({ max: max! }),
});
