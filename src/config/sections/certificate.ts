/** `[[certificates]]`: a certificate and its key, for all sites whose names are in it. */
import { section } from '../section.ts';
import { one } from '../setting.ts';
import { path } from '../value-types.ts';

/** Files of PEM. */
export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
  /** More certificates of the chain, when they are not in the first file. */
  readonly chain: string | null;
}

export const certificate = section({
  help: 'a certificate; clients get the one that names the host they ask for',
  required: ['file', 'key'],
  parts: {
    file: one(path('FILE'), {
      default: null,
      help: 'the certificate, which may be followed by its chain (PEM)',
    }),
    key: one(path('FILE'), { default: null, help: 'its key (PEM, without a passphrase)' }),
    chain: one(path('FILE'), { default: null, help: 'the chain, when it is in a file of its own' }),
  },
  build: ({ file, key, chain }): CertificateFiles => ({ certificate: file!, key: key!, chain }),
});
