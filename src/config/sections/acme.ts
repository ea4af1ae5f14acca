/** `[acme]`: certificates that the server gets and renews by itself. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { section } from '../section.ts';
import { list, one } from '../setting.ts';
import type { AcmeSettings } from '../tls-settings.ts';
import { choice, onOff, path, type ValueType } from '../value-types.ts';

const LETS_ENCRYPT = 'https://acme-v02.api.letsencrypt.org/directory';

function matching(pattern: RegExp, allowed: string, placeholder: string): ValueType<string> {
  return {
    schema: z.string().max(2000).regex(pattern),
    allowed,
    placeholder,
    fromText: (text) => text,
    format: String,
  };
}

const host = matching(
  /^(?=.{1,253}$)(?!.*\.\d+$)([a-z\d]([a-z\d-]{0,61}[a-z\d])?\.)+[a-z\d-]{2,63}$/i,
  'a host name like www.example.org; wildcards cannot be proved by http-01 and tls-alpn-01',
  'HOST',
);
const url = matching(/^https:\/\/[^\s/]+(\/\S*)?$/, 'a URL that begins with https://', 'URL');
const contact = matching(/^mailto:[^\s?,]+@[^\s?,]+$/, 'an address like mailto:ops@example.org', 'URL');

/** What is missing in `names` is taken from the sites: see tls.ts. */
export interface AcmeSection extends Omit<AcmeSettings, 'names'> {
  readonly names: readonly string[] | null;
  readonly place: string;
}

export const acme = section({
  help: 'certificates that the server gets and renews by itself, from an authority that speaks ACME',
  required: ['accept-terms'],
  parts: {
    'accept-terms': one(onOff, {
      default: false,
      help: 'the terms of service of the authority are agreed to',
    }),
    directory: one(url, { default: LETS_ENCRYPT, help: "URL of the authority's directory" }),
    'directory-ca-file': one(path('FILE'), {
      default: null,
      help: 'certificates (PEM) that the one of the authority itself is checked against, if it is one of your own',
    }),
    contact: list(contact, { help: 'where the authority can reach you' }),
    names: list(host, {
      help: 'hosts, each of which gets a certificate; without them the hosts of all sites',
    }),
    challenges: list(choice('http-01', 'tls-alpn-01'), {
      help: 'how the authority may check that a host is ours, best first; without them both',
    }),
    storage: one(path('DIRECTORY'), {
      default: null,
      help: 'directory for the key of the account and the certificates',
    }),
  },
  build: (values, place): AcmeSection => {
    if (!values['accept-terms'])
      place.refuse('accept-terms', 'false', 'true: without it no authority issues certificates');
    return {
      directory: values.directory,
      directoryAuthorities: values['directory-ca-file'],
      contact: values.contact,
      names: values.names.length === 0 ? null : [...new Set(values.names.map((name) => name.toLowerCase()))],
      challenges: values.challenges.length === 0 ? ['http-01', 'tls-alpn-01'] : values.challenges,
      storage: values.storage ?? join(dataFolder(), 'vivarium/acme'),
      place: place.text,
    };
  },
});

function dataFolder(): string {
  return process.env.XDG_DATA_HOME || join(homedir(), '.local/share');
}
