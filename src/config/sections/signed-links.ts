/** `signed-links`: only links that were made with a secret are served. */
import { readFileSync } from 'node:fs';
import { parseSecrets, SECRET_CHARACTERS_MIN } from '../../base/signed-link.ts';
import { section } from '../section.ts';
import { one } from '../setting.ts';
import { path } from '../value-types.ts';

export interface SignedLinksSettings {
  /** An absolute path. */
  readonly secretFile: string;
  /** Where it stands, for messages. */
  readonly place: string;
}

export const signedLinks = section({
  help: 'serves only links that were made with a secret, by vivarium sign',
  short: 'secret-file',
  required: ['secret-file'],
  parts: {
    'secret-file': one(path('FILE'), {
      default: null,
      help: `file of secrets, one on each line, of at least ${SECRET_CHARACTERS_MIN} characters`,
    }),
  },
  build: ({ 'secret-file': file }, place): SignedLinksSettings => {
    const secrets = secretsOf(file!);
    if (secrets === null || secrets.length === 0) {
      const found = secrets === null ? 'a file that cannot be read' : 'no secret';
      place.refuse(
        'secret-file',
        `${found} (${file})`,
        `a file with a secret of at least ${SECRET_CHARACTERS_MIN} characters`,
      );
    }
    return { secretFile: file!, place: place.text };
  },
});

function secretsOf(file: string): string[] | null {
  try {
    return parseSecrets(readFileSync(file, 'utf8'));
  } catch {
    return null;
  }
}
