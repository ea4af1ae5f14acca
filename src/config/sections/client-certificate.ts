/** `client-certificate`: only clients with a certificate that one of the authorities has signed. */
import { section } from '../section.ts';
import { list } from '../setting.ts';
import { pattern } from './types.ts';

export interface ClientCertificateSettings {
  /** Patterns, one of which the common name of the certificate must be like; none: any name will do. */
  readonly commonNames: readonly string[];
  /** Where it stands, for messages. */
  readonly place: string;
}

export const clientCertificate = section({
  help: 'only clients with a certificate of an authority of ssl-ca-certificate-file',
  isSwitch: true,
  parts: {
    'common-name': list(pattern, {
      defaultText: 'any',
      help: 'common names (CN) that are let through, * stands for any characters',
    }),
  },
  build: (values, place): ClientCertificateSettings => ({
    commonNames: values['common-name'],
    place: place.text,
  }),
});
