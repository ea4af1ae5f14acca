/** Which content coding a client is served best with (RFC 9110, section 12.5.3). */

export interface Wish<Name extends string> {
  /** Null: as it is. */
  readonly coding: Name | null;
  /** The client would rather have no answer than one that is not compressed. */
  readonly refusesIdentity: boolean;
}

const AS_IT_IS: Wish<never> = { coding: null, refusesIdentity: false };
/** Clients send a handful of different values; one that invents them is read anew each time. */
const REMEMBERED_MAX = 500;

/** `offered`: of those that the client likes equally the first is taken. */
export function wishReader<Name extends string>(
  offered: readonly Name[],
): (accept: string | null) => Wish<Name> {
  const remembered = new Map<string, Wish<Name>>();
  return (accept) => {
    if (accept === null || accept === '') return AS_IT_IS;
    const known = remembered.get(accept);
    if (known !== undefined) return known;
    const wish = readWish(accept, offered);
    if (remembered.size < REMEMBERED_MAX) remembered.set(accept, wish);
    return wish;
  };
}

function readWish<Name extends string>(accept: string, offered: readonly Name[]): Wish<Name> {
  const weights = new Map(accept.toLowerCase().split(',').map(readItem));
  const any = weights.get('*');
  const weightOf = (name: string): number | undefined => weights.get(name) ?? any;
  // Not named, it is welcome, but less than any coding that is (section 12.5.3, rule 2).
  const identity = weightOf('identity');
  let coding: Name | null = null;
  let best = identity ?? 0;
  for (const name of offered) {
    const weight = (name === 'gzip' ? weights.get('x-gzip') : undefined) ?? weightOf(name) ?? 0;
    const isBetter = coding === null ? weight > 0 && weight >= best : weight > best;
    if (!isBetter) continue;
    coding = name;
    best = weight;
  }
  return { coding, refusesIdentity: identity === 0 };
}

/** A weight that is no number between 0 and 1 is none: the coding is not taken. */
function readItem(item: string): [name: string, weight: number] {
  const [name = '', ...parameters] = item.split(';').map((part) => part.trim());
  const q = parameters.find((parameter) => parameter.startsWith('q='));
  if (q === undefined) return [name, 1];
  return [name, /^q=(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(q) ? Number(q.slice(2)) : 0];
}
