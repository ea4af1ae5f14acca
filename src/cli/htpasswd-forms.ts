/** The two forms of password files that `vivarium htpasswd` writes: htpasswd, for Basic, and htdigest. */
import { DIGEST_ALGORITHMS, digestOf, parseRealmHashes } from '../base/passwords/htdigest.ts';
import { parsePasswords } from '../base/passwords/htpasswd.ts';
import {
  BCRYPT_BYTES_MAX,
  BCRYPT_COST,
  BCRYPT_COST_MAX,
  checkPassword,
  hashPassword,
  METHODS,
} from '../base/passwords/scheme.ts';
import { ControlMistake, type ControlOptions, readCount } from './control-options.ts';

export interface FileForm {
  /** What the lines of the user begin with. */
  readonly prefix: string;
  /** The user, for messages. */
  readonly name: string;
  isRight(content: string, password: Buffer): boolean;
  /** Throws ControlMistake when there is no hash for such a password. */
  lines(password: Buffer): string[];
}

export const DIGEST_METHODS = ['sha256', 'md5', 'both'] as const;

const COST_MIN = 4;
const REALM = /^[^:"\\\p{Cc}]+$/u;

/** Throws ControlMistake. */
export function formOf(user: string, options: ControlOptions): FileForm {
  const realm = options.values.get('digest');
  return realm === undefined ? htpasswdForm(user, options) : htdigestForm(user, realm, options);
}

function htpasswdForm(user: string, options: ControlOptions): FileForm {
  const method = methodOf(options, METHODS, 'bcrypt');
  const cost = costOf(options);
  return {
    prefix: `${user}:`,
    name: JSON.stringify(user),
    isRight: (content, password) => {
      const hash = parsePasswords(Buffer.from(content, 'utf8')).hashes.get(latin1(user));
      return hash !== undefined && checkPassword(hash, password);
    },
    lines: (password) => {
      if (method === 'bcrypt' && password.length > BCRYPT_BYTES_MAX)
        throw new ControlMistake(
          `found a password of ${password.length} bytes; allowed with bcrypt: ${BCRYPT_BYTES_MAX}; try --method sha512`,
        );
      return [`${user}:${hashPassword(password, method, cost)}`];
    },
  };
}

function htdigestForm(user: string, realm: string, options: ControlOptions): FileForm {
  if (!REALM.test(realm))
    throw new ControlMistake(
      `--digest: found ${JSON.stringify(realm)}; allowed: a realm without colons, quotes, backslashes and control characters`,
    );
  if (options.values.has('cost')) throw new ControlMistake('found --cost and --digest; allowed: one of them');
  const method = methodOf(options, DIGEST_METHODS, 'sha256');
  const written = { sha256: ['SHA-256'], md5: ['MD5'], both: DIGEST_ALGORITHMS } as const;
  const secret = (password: Buffer) => `${latin1(user)}:${latin1(realm)}:${password.latin1Slice()}`;
  return {
    prefix: `${user}:${realm}:`,
    name: `${JSON.stringify(user)} in the realm ${JSON.stringify(realm)}`,
    isRight: (content, password) => {
      const { hashes } = parseRealmHashes(Buffer.from(content, 'utf8'), latin1(realm));
      const found = [...hashes].filter(([, users]) => users.has(latin1(user)));
      const isHash = ([algorithm, users]: (typeof found)[number]) =>
        users.get(latin1(user)) === digestOf(algorithm, secret(password));
      return found.length > 0 && found.every(isHash);
    },
    lines: (password) =>
      written[method].map((algorithm) => `${user}:${realm}:${digestOf(algorithm, secret(password))}`),
  };
}

function methodOf<M extends string>({ values }: ControlOptions, methods: readonly M[], usual: M): M {
  const found = values.get('method') ?? usual;
  const method = methods.find((one) => one === found);
  if (method !== undefined) return method;
  throw new ControlMistake(`--method: found ${JSON.stringify(found)}; allowed: ${methods.join(', ')}`);
}

function costOf(options: ControlOptions): number {
  const cost = readCount(options, 'cost', BCRYPT_COST, BCRYPT_COST_MAX);
  if (cost >= COST_MIN) return cost;
  throw new ControlMistake(
    `--cost: found ${cost}; allowed: a whole number from ${COST_MIN} to ${BCRYPT_COST_MAX}`,
  );
}

function latin1(text: string): string {
  return Buffer.from(text, 'utf8').latin1Slice();
}
