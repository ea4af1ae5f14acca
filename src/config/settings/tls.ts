/** Settings: TLS. Names and meanings are those of mod_wsgi-express where it has them. */
import { list, one } from '../setting.ts';
import { choice, count, onOff, path, seconds, text, urlPath } from '../value-types.ts';

/** Mozilla's intermediate list, version 5.7; TLS 1.3 has its own three. */
const INTERMEDIATE_CIPHERS = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
  'DHE-RSA-AES128-GCM-SHA256',
  'DHE-RSA-AES256-GCM-SHA384',
  'DHE-RSA-CHACHA20-POLY1305',
].join(':');

export const tls = {
  title: 'TLS',
  settings: {
    'https-port': one(count(0, 65535, 'PORT'), {
      default: null,
      defaultText: 'none, but for the https:// addresses of --listen',
      help: 'port to listen on with TLS, beside the plain one; 0 for any free one',
    }),
    'https-only': one(onOff, {
      default: false,
      help: 'send requests that come without TLS to the same address with https',
    }),
    'https-public-port': one(count(1, 65535, 'PORT'), {
      default: null,
      defaultText: 'that of the first address with TLS',
      help: 'port that --https-only sends clients to, where they reach TLS by another one than this server listens on',
    }),
    'https-self-signed': one(onOff, {
      default: false,
      help: 'make a certificate for this machine, for development; listens on --https-port 8443 unless told otherwise',
    }),
    'hsts-policy': one(
      text(
        'PARAMS',
        /^max-age="?\d+"?(\s*;\s*[\w-]+(=("[^"]*"|[\w-]+))?)*$/i,
        'a policy like max-age=31536000',
      ),
      { default: null, help: 'value of Strict-Transport-Security in answers by TLS' },
    ),
    'ssl-certificate': list(path('PREFIX'), {
      help: 'certificate in PREFIX.crt and its key in PREFIX.key; clients get the one that names their host',
    }),
    'ssl-certificate-file': one(path('FILE'), {
      default: null,
      help: 'file of a certificate, which may hold its chain (PEM)',
    }),
    'ssl-certificate-key-file': one(path('FILE'), {
      default: null,
      help: 'file of the key of that certificate (PEM, without a passphrase)',
    }),
    'ssl-certificate-chain-file': one(path('FILE'), {
      default: null,
      help: 'file of the chain of that certificate, when it is in a file of its own',
    }),
    'ssl-strict-sni': one(onOff, {
      default: false,
      help: 'refuse clients that name a host without a certificate; otherwise they get the first one',
    }),
    'ssl-protocol-min': one(choice('tls1.2', 'tls1.3'), {
      default: 'tls1.2',
      help: 'oldest version of TLS',
    }),
    'ssl-ciphers': one(text('LIST', /^[\w!+@=:-]+$/, 'names as OpenSSL has them, with colons between'), {
      default: INTERMEDIATE_CIPHERS,
      defaultText: "Mozilla's intermediate list",
      help: 'ciphers that may be used',
    }),
    'ssl-session-timeout': one(seconds('sessions are not resumed'), {
      default: 86_400,
      help: 'time in which a client can resume its TLS session; 0 for not at all',
    }),
    'ssl-handshake-timeout': one(seconds(), { default: 10, help: 'time a TLS handshake may take' }),
    'max-handshakes': one(count(1, 1_000_000), {
      default: 1000,
      help: 'simultaneous TLS handshakes; beyond them connections are closed',
    }),
    'ssl-ca-certificate-file': one(path('FILE'), {
      default: null,
      defaultText: 'none: clients need no certificate',
      help: 'certificates (PEM) that those of clients are checked against; every client then needs one',
    }),
    'ssl-verify-client': list(urlPath, {
      help: 'ask every client for a certificate, but require it only below this URL path',
    }),
    'ssl-environment': one(onOff, {
      default: false,
      help: "give applications mod_ssl's SSL_* variables in the environ",
    }),
  },
};
