/**
 * The attributes of a FORWARD_REQUEST: what a front knows of a request beside its fields. Some are the request's own,
 * some become CGI variables with the names of mod_ssl, and those that a front's operator has named
 * (`SetEnv AJP_NAME value`, `JkEnvVar NAME`) become variables of that name.
 */
import { isForApplication } from '../cgi/gateway-request.ts';
import { Refusal } from '../http1/refusal.ts';
import { Attribute, LOCAL_ADDRESS, REMOTE_PORT, SSL_PROTOCOL } from './codes.ts';
import type { PacketReader } from './packets.ts';

export interface Attributes {
  readonly query: string;
  readonly storedMethod: string;
  /** Null: none was sent. */
  readonly secret: string | null;
  readonly localAddress: string;
  readonly remotePort: string;
  /** For the application: name, value, … */
  readonly variables: readonly string[];
}

/** Attributes that become variables. Of `context` and `servletPath` nothing is made: no front sends them. */
const VARIABLES: Readonly<Record<number, string>> = {
  [Attribute.remoteUser]: 'REMOTE_USER',
  [Attribute.authType]: 'AUTH_TYPE',
  [Attribute.sslCert]: 'SSL_CLIENT_CERT',
  [Attribute.sslCipher]: 'SSL_CIPHER',
  [Attribute.sslSession]: 'SSL_SESSION_ID',
  [Attribute.sslKeySize]: 'SSL_CIPHER_USEKEYSIZE',
};
const KNOWN: ReadonlySet<number> = new Set(Object.values(Attribute));

/** Up to and with the mark behind the last one. Where `reader` is malformed what comes back means nothing. */
export function readAttributes(reader: PacketReader): Attributes | Refusal {
  const texts = new Map<number, string>();
  const named = new Map<string, string>();
  for (let code = reader.uint8(); code !== Attribute.end && !reader.isMalformed; code = reader.uint8()) {
    if (!KNOWN.has(code)) return new Refusal(400, `an AJP attribute of unknown kind ${code}`);
    if (code === Attribute.named) {
      named.set(reader.text(), reader.text());
      continue;
    }
    // Two readers could take different ones.
    if (texts.has(code)) return new Refusal(400, `the AJP attribute ${code} twice`);
    texts.set(code, code === Attribute.sslKeySize ? String(reader.uint16()) : reader.text());
  }
  return {
    query: texts.get(Attribute.queryString) ?? '',
    storedMethod: texts.get(Attribute.storedMethod) ?? '',
    secret: texts.get(Attribute.secret) ?? null,
    localAddress: named.get(LOCAL_ADDRESS) ?? '',
    remotePort: named.get(REMOTE_PORT) ?? '',
    variables: variablesOf(texts, named),
  };
}

/** What has an attribute of its own counts before a name that the front's operator has chosen. */
function variablesOf(
  texts: ReadonlyMap<number, string>,
  named: ReadonlyMap<string, string>,
): readonly string[] {
  const variables = new Map<string, string>();
  for (const [name, value] of named) {
    const variable = name === SSL_PROTOCOL ? 'SSL_PROTOCOL' : name;
    if (name !== LOCAL_ADDRESS && name !== REMOTE_PORT && isForApplication(variable))
      variables.set(variable, value);
  }
  for (const [code, value] of texts) {
    const variable = VARIABLES[code];
    if (variable !== undefined) variables.set(variable, value);
  }
  return [...variables].filter(([, value]) => value !== '' && !value.includes('\0')).flat();
}
