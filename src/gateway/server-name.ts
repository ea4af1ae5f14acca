/** What the Server field says, with and without `server-tokens`. */
import { VERSION } from '../base/version.ts';

export const SERVER_NAME = { plain: 'vivarium', withVersion: `vivarium/${VERSION}` } as const;
